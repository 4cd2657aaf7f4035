import { describe } from "node:test";
import { reference } from "./executors.ts";
import { caseTests } from "./suite.ts";
import { loadTable } from "./table.ts";

const { cases, missing } = loadTable();
describe(`cases on ${reference.name}`, () => caseTests(reference, cases, missing));
