/**
 * A million odd modules; `ODD_MODULES=N ODD_FROM=M npm run test:slow -- odd_modules` runs others. Says how far it is. The
 * host's runner, a process for each module, gets some of them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Vector } from "../../host/ir/graph.ts";
import { type Engine, EngineError } from "../../host/module/engine.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { wasm3Engine } from "../../host/runtime/engines/wasm3.ts";
import { runOddModules } from "./odd_campaign.ts";
import { oddModule } from "./odd_modules.ts";

const FROM = Number(process.env["ODD_FROM"] ?? 0);
const CASES = Number(process.env["ODD_MODULES"] ?? 1_000_000);
const RUNNER_CASES = Math.min(CASES, 1000);

test(`${CASES} odd modules are refused or run clean`, async (context) => {
  const counts = await runOddModules(FROM, FROM + CASES);
  context.diagnostic(JSON.stringify(counts));
  assert.equal(counts.refused + counts.noRam + counts.trapped + counts.ran, CASES);
});

/** The outputs, or what the engine complains of. */
async function outcome(engine: Engine, module: Uint8Array): Promise<Vector[] | string> {
  try {
    return await engine.run(module, [[new Uint8Array(4)], [Uint8Array.of(1, 1, 1, 1)]]);
  } catch (error) {
    assert.ok(error instanceof EngineError, String(error));
    return error.message.replace(/^\w+: /, "");
  }
}

test(`${RUNNER_CASES} odd modules in the host's runner, under the sanitizers`, async () => {
  const runner = wasm3Engine({ sanitize: true });
  for (let index = FROM; index < FROM + RUNNER_CASES; index++) {
    const { bytes, oddity } = oddModule(`odd:${index}`);
    const where = `FUZZ_REPLAY=odd:${index} (${oddity})`;
    const [found, expected] = [await outcome(runner, bytes), await outcome(v8, bytes)];
    // Traps have other words; wasm3's stack is shorter than V8's.
    const trap = /\[trap\]/;
    if (typeof found === "string" && trap.test(found)) continue;
    if (typeof expected === "string" && trap.test(expected))
      assert.fail(`${where}: expected a trap, found ${found}`);
    assert.deepEqual(found, expected, where);
  }
});
