/** The firmware's figures on Cortex-M against test/bench/firmware_cortex-m*.csv; those on rv32 are compared in every run. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { MACHINE_NAMES } from "../../host/firmware/qemu_machines.ts";
import { findGrowth, readRecorded, reasonToSkip } from "./figures_csv.ts";
import { collectFigures, figuresFile, flatten } from "./firmware_figures.ts";

for (const machine of MACHINE_NAMES.filter((name) => name !== "rv32")) {
  const file = figuresFile(machine);
  const skip = reasonToSkip(file, await firmwareAvailability({ machine }));
  describe(file, { skip }, () => {
    test("has not grown by more than 2 % (if it is right: npm run bench:firmware -- --update)", async () => {
      const figures = await collectFigures(machine);
      const growth = findGrowth(file, readRecorded(file).figures, flatten(figures));
      assert.equal(growth.length, 0, growth.join("\n"));
      for (const name of figures.missing)
        console.error(`${name}: missing, no folder shared beside the checkout`);
    });
  });
}
