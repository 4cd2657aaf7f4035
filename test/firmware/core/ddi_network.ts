import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { runSeed } from "./ddi_network_runs.ts";

/** Updates over bad networks with losses of power, one for each seed. */
export async function networkSuite(seeds: number): Promise<void> {
  const availability = await wasmAvailability();
  const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
  const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;

  describe("updates over bad networks, with losses of power", { skip }, () => {
    test(`${seeds} seeds: each is installed or refused, and no wrong byte runs`, (t) => {
      const count = { installed: 0, refused: 0 };
      for (let seed = 1; seed <= seeds; seed++) {
        try {
          count[runSeed(core!, seed)]++;
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`);
        }
      }
      t.diagnostic(`${count.installed} installed, ${count.refused} refused`);
      assert.ok(count.installed > 0 && count.refused > 0);
    });
  });
}
