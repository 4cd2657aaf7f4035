/** The firmware's figures against test/bench/firmware.csv and the budgets of the project. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { findGrowth, formatCsv, parseCsv, readRecorded, reasonToSkip } from "./figures_csv.ts";
import { budgetFlash, collectFigures, FLASH_BUDGET, flatten, RAM_BUDGET } from "./firmware_figures.ts";
import { MONITOR_BUDGET } from "./firmware_monitor.ts";

const FILE = "firmware.csv";

describe(FILE, () => {
  test("is read as it was written", () => {
    const recorded = {
      compiler: "gcc (a, b) 1.0",
      figures: new Map([
        ["flash core -Os", 7],
        ["x, y", 9],
      ]),
    };
    assert.deepEqual(parseCsv(FILE, formatCsv(recorded)), recorded);
    assert.throws(() => parseCsv(FILE, "figure,value\na,1\n"), /firmware.csv: expected "# COMPILER"/);
  });

  test("growth of more than 2 %, and figures that are not recorded, are told", () => {
    const recorded = new Map([
      ["a", 100],
      ["b", 100],
      ["c", 100],
    ]);
    assert.deepEqual(
      findGrowth(
        FILE,
        recorded,
        new Map([
          ["a", 102],
          ["b", 50],
        ]),
      ),
      [],
    );
    assert.deepEqual(
      findGrowth(
        FILE,
        recorded,
        new Map([
          ["a", 103],
          ["d", 1],
        ]),
      ),
      ["a: expected at most 2 % over 100, found 103", "d: expected in firmware.csv, found none (now 1)"],
    );
    const ed25519 = (value: number) => new Map([["x open_ed25519", value]]);
    assert.deepEqual(findGrowth(FILE, ed25519(100), ed25519(109)), []);
    assert.deepEqual(findGrowth(FILE, ed25519(100), ed25519(111)), [
      "x open_ed25519: expected at most 10 % over 100, found 111",
    ]);
  });
});

const availability = await firmwareAvailability();

describe("figures of the firmware", { skip: reasonToSkip(FILE, availability) }, async () => {
  const figures = await collectFigures();

  test("have not grown by more than 2 % (if it is right: npm run bench:firmware -- --update)", () => {
    const growth = findGrowth(FILE, readRecorded(FILE).figures, flatten(figures));
    assert.equal(growth.length, 0, growth.join("\n"));
  });

  test("wasm3, core and crypto fit their budget of flash", () => {
    assert.ok(
      budgetFlash(figures.sizes["-Os"]) <= FLASH_BUDGET,
      `${budgetFlash(figures.sizes["-Os"])} bytes`,
    );
  });

  // The portable kernels' compiled form takes 7.5 KB of RAM more, and a device binds the native ones.
  for (const { model, operations, ram } of figures.models.filter(({ kernels }) => kernels === "native")) {
    test(`${model}, ${operations}: fits the budget of RAM`, () => {
      assert.ok(ram.total <= RAM_BUDGET, `${ram.total} bytes`);
    });
  }

  for (const { model, share, bytesPerFeature } of figures.monitors) {
    test(`${model}: a monitor takes at most 2 % of an inference, and 32 bytes a feature`, () => {
      assert.ok(share > 0 && share <= MONITOR_BUDGET.share, `${100 * share} %`);
      assert.ok(bytesPerFeature <= MONITOR_BUDGET.bytesPerFeature, `${bytesPerFeature} bytes`);
    });
  }

  for (const name of figures.missing) test(name, { skip: "no folder shared beside the checkout" }, () => {});
});
