import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, difference, type Executor, type Missing } from "./table.ts";

/**
 * One test for each case; a skipped one gives its reason, and so does a model that is not here. Called
 * within a `describe` of the test file: the runner knows tests by the file that their suite stands in.
 */
export function caseTests(executor: Executor, cases: readonly Case[], missing: readonly Missing[]): void {
  for (const testCase of cases) {
    test(testCase.name, async (context) => {
      const reason = await executor.skip(testCase);
      if (reason !== undefined) return context.skip(reason);
      assert.equal(difference(testCase.vectors, await executor.run(testCase)), undefined);
    });
  }
  for (const { name, reason } of missing) test(name, { skip: reason }, () => {});
}
