/** A million odd modules; `ODD_MODULES=N ODD_FROM=M npm run test:slow -- odd_modules` runs others. Says how far it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runOddModules } from "./odd_campaign.ts";

const FROM = Number(process.env["ODD_FROM"] ?? 0);
const CASES = Number(process.env["ODD_MODULES"] ?? 1_000_000);

test(`${CASES} odd modules are refused or run clean`, async (context) => {
  const counts = await runOddModules(FROM, FROM + CASES);
  context.diagnostic(JSON.stringify(counts));
  assert.equal(counts.refused + counts.noRam + counts.trapped + counts.ran, CASES);
});
