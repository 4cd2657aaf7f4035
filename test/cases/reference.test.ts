import { reference } from "./executors.ts";
import { caseSuite } from "./suite.ts";
import { loadTable } from "./table.ts";

const { cases, missing } = loadTable();
caseSuite(reference, cases, missing);
