/**
 * Damaged model files through the whole pipeline but its compiler: each becomes a module's source or
 * is refused in one line, within bounded work and memory. FUZZ_REPLAY=ID runs one case again.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, isReplay, runCampaign } from "./campaign.ts";

const CASES = 10_000;

test(`${CASES} damaged model files are refused in one line or understood`, (context) => {
  const campaign = runCampaign("models", 0, CASES, 5);
  context.diagnostic(JSON.stringify(campaign));
  if (isReplay) return;
  assert.equal(countOf(campaign, ""), CASES);
  // Else the mutants would be too wild to test more than the readers, or too tame.
  for (const format of ["tflite", "onnx"]) {
    assert.ok(countOf(campaign, `${format} refused`) > CASES / 10, JSON.stringify(campaign));
    assert.ok(countOf(campaign, `${format} emitted`) > CASES / 30, JSON.stringify(campaign));
  }
});
