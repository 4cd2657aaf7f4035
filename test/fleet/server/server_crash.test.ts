/** kill -9 at seeded file operations: nothing acknowledged is lost. server_crash.slow.test.ts has all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { countOperations, crash, WHEN } from "./crashes.ts";

const scratch = scratchFolder();
const TRIES = 18;

test(`killed at ${TRIES} of its file operations: nothing acknowledged is lost`, async () => {
  const operations = await countOperations(scratch);
  assert.ok(operations > 100, `${operations}`);
  const points = Array.from({ length: TRIES }, (_, i) => Math.floor(((i + 0.5) * operations) / TRIES));
  for (const [i, point] of points.entries()) await crash(scratch, point, WHEN[i % WHEN.length]!);
});
