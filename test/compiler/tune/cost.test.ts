/** The cost model: it knows all kernels as they are now, and is near what was measured. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { describe, test } from "node:test";
import { kernelFolder, loadKernel } from "../../../host/compiler/plan/kernels.ts";
import { lower } from "../../../host/compiler/plan/lower.ts";
import { loadCalibration } from "../../../host/compiler/tune/calibration.ts";
import { predictLayers } from "../../../host/compiler/tune/cost.ts";
import { MODELLED_KERNELS } from "../../../host/compiler/tune/features.ts";
import { kernelHash } from "../../../host/compiler/tune/kernel_hash.ts";
import { goldenLayers, modelsHere, readGoldenCosts } from "./golden_layers.ts";

/** Files of assembly/kernels that hold a kernel, and not what kernels share. */
function kernelNames(): string[] {
  const names = readdirSync(kernelFolder).map((file) => basename(file, ".ts"));
  return names.filter((name) => {
    try {
      return loadKernel(name).name === name;
    } catch {
      return false;
    }
  });
}

test("every kernel is modelled and was measured", () => {
  const calibration = loadCalibration();
  for (const name of kernelNames()) {
    assert.ok(MODELLED_KERNELS.includes(name), `${name}: no features`);
    const kernel = calibration.kernels[name];
    assert.ok(kernel, `${name}: not calibrated`);
    for (const kind of ["native", "portable"] as const)
      assert.ok(kernel[kind].residuals.mean < 0.05, `${name}, ${kind}: mean error`);
    assert.ok(kernel.code.own > 0);
  }
});

describe("kernels are as they were measured (if not: npm run tune:calibrate)", () => {
  for (const name of kernelNames())
    test(name, () => assert.equal(loadCalibration().kernels[name]?.hash, kernelHash(name)));
});

/**
 * Layers of real models are not those that the model was fitted to. Natively, sums below and above zero are rounded
 * in different ways: an addition is 16 % off.
 */
const TOLERANCE = { native: 0.2, portable: 0.08 };
/** Softmax takes less time where inputs are far from the greatest: random ones are, in trained models. */
const BY_VALUES = ["softmax_s8"];
/** Below, what a call costs by itself weighs most, and nothing depends on the prediction. */
const LEAST_WORK = { native: 5_000, portable: 20_000 };

describe("predictions are within 20 % of measurements natively, and within 8 % portably", () => {
  const measured = readGoldenCosts();
  for (const model of modelsHere()) {
    test(model, () => {
      for (const { name, layer, choice } of goldenLayers(model)) {
        const found = measured.get(name);
        assert.ok(found, `${name}: expected in golden_layers.csv (npm run tune:calibrate)`);
        const program = lower(layer.graph, new Map([[layer.node.name, choice]]));
        if (program.kernels.some((kernel) => BY_VALUES.includes(kernel.name))) continue;
        const predicted = predictLayers(program).get(layer.node.name)!;
        for (const kernels of ["native", "portable"] as const) {
          if (found[kernels] < LEAST_WORK[kernels]) continue;
          const error = predicted[kernels] / found[kernels] - 1;
          const text = `${name}, ${kernels}: predicted ${predicted[kernels]}, measured ${found[kernels]}`;
          assert.ok(Math.abs(error) <= TOLERANCE[kernels], text);
        }
      }
    });
  }
});
