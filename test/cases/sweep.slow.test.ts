/** The whole table of cases on every engine. */
import { executors } from "./executors.ts";
import { caseSuite } from "./suite.ts";
import { loadTable } from "./table.ts";

const { cases, missing } = loadTable();
for (const executor of executors) caseSuite(executor, cases, missing);
