import { describe } from "node:test";
/** The whole table of cases on every engine. */
import { executors } from "./executors.ts";
import { caseTests } from "./suite.ts";
import { loadTable } from "./table.ts";

const { cases, missing } = loadTable();
for (const executor of executors)
  describe(`cases on ${executor.name}`, () => caseTests(executor, cases, missing));
