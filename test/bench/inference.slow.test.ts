/** What inferences of the large models cost, against test/bench/inference.csv. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { reasonToSkip } from "./figures_csv.ts";
import { FILE, inferenceGrowth } from "./inference_figures.ts";
import { benchModels, isHere, whyMissing } from "./inference_models.ts";

const skip = reasonToSkip(FILE, await firmwareAvailability());

describe("have not grown by more than 2 % (if it is right: npm run bench -- --update)", { skip }, () => {
  for (const model of benchModels.filter(({ slow }) => slow)) {
    test(model.name, { skip: isHere(model) ? false : whyMissing(model) }, async () => {
      const growth = await inferenceGrowth(model);
      assert.equal(growth.length, 0, growth.join("\n"));
    });
  }
});
