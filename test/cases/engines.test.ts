import { describe } from "node:test";
/** A part of the table on the compiled modules, from every file of it; `npm run test:slow` runs the rest. */
import { compiledV8, compiledWasm3, hasDescriptor, server } from "./executors.ts";
import { caseTests } from "./suite.ts";
import { everyNth, loadTable } from "./table.ts";

const { cases, missing } = loadTable();
// wasm3 first: it is the engine of the firmware. V8 gets other cases, so that together they cover more.
describe(`cases on ${compiledWasm3.name}`, () => caseTests(compiledWasm3, everyNth(cases, 15), missing));
describe(`cases on ${compiledV8.name}`, () => caseTests(compiledV8, everyNth(cases, 17), missing));
describe(`cases on ${server.name}`, () =>
  caseTests(server, everyNth(cases, 37).filter(hasDescriptor), missing));
