/** As models.test.ts, with other cases and many more of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, isReplay, runCampaign } from "./campaign.ts";

const FIRST = 10_000;
const CASES = 200_000;

test(`${CASES} more damaged model files are refused in one line or understood`, (context) => {
  const campaign = runCampaign("models", FIRST, FIRST + CASES, 60);
  context.diagnostic(JSON.stringify(campaign));
  if (!isReplay) assert.equal(countOf(campaign, ""), CASES);
});
