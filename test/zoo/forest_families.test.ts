/** Forests of every family: see forest_checks.ts. */
import { checkForest } from "./forest_checks.ts";
import { forestCases, ofOtherRows } from "./forests.ts";

for (const forest of forestCases().filter(({ name }) => !ofOtherRows(name))) checkForest(forest);
