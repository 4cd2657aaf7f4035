/**
 * Damaged modules through `inspect`, and with the code intact through `run`: each is shown, run, or
 * refused in one line. FUZZ_REPLAY=ID runs one case again.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, isReplay, runCampaign } from "./campaign.ts";

const CASES = 1500;

test(`${CASES} damaged modules are refused in one line or understood`, (context) => {
  const campaign = runCampaign("modules", 0, CASES, 5);
  context.diagnostic(JSON.stringify(campaign));
  if (isReplay) return;
  assert.equal(countOf(campaign, ""), CASES);
  assert.ok(countOf(campaign, "refused") > CASES / 4, JSON.stringify(campaign));
});
