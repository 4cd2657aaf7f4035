/** Every network of test/models/networks in every format as a module in wasm3, on all rows that nobody trained on. */
import { describe, test } from "node:test";
import { networkCases } from "./networks.ts";
import { checkModule } from "./networks_checks.ts";

describe("the module is as right as the float network, on all rows", () => {
  for (const network of networkCases()) test(network.file, () => checkModule(network, network.rows.length));
});
