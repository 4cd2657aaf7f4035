/** Odd modules, a few; odd_modules.slow.test.ts runs a million. FUZZ_REPLAY=SEED runs one again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findCompiler, findSource } from "../../host/firmware/wasm3_build.ts";
import { runOddModules } from "./odd_campaign.ts";
import { ODDITIES, oddModule } from "./odd_modules.ts";

const CASES = 3000;
const missing = (await findCompiler())
  ? findSource() === undefined
    ? "wasm3's source is missing"
    : ""
  : "no C compiler";

test(`${CASES} odd modules are refused or run clean`, { skip: missing || false }, async (context) => {
  const counts = await runOddModules(0, CASES);
  context.diagnostic(JSON.stringify(counts));
  if (process.env["FUZZ_REPLAY"] !== undefined) return;
  assert.equal(counts.refused + counts.noRam + counts.trapped + counts.ran, CASES);
  // Or the generator would show nothing.
  assert.ok(counts.ran > CASES / 10 && counts.comparedWithV8 > CASES / 50, JSON.stringify(counts));
  assert.ok(counts.refused > CASES / 10 && counts.invalid < CASES / 10, JSON.stringify(counts));
});

test("every oddity occurs, and only a changed byte makes a module invalid", () => {
  const valid = new Map<string, number>();
  for (let index = 0; index < 400; index++) {
    const { oddity, bytes } = oddModule(`odd:${index}`);
    const isValid = WebAssembly.validate(new Uint8Array(bytes));
    valid.set(oddity, (valid.get(oddity) ?? 0) + (isValid ? 1 : 0));
    assert.ok(isValid || oddity === "a byte changed", `odd:${index}: ${oddity}`);
  }
  for (const oddity of ODDITIES) assert.ok((valid.get(oddity) ?? 0) > 0, oddity);
});
