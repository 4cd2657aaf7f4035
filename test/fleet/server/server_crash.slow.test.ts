/** kill -9 before, amid and after every file operation: nothing acknowledged is lost. */
import { test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { countOperations, crash, WHEN } from "./crashes.ts";

const scratch = scratchFolder();

test("killed at every file operation: nothing acknowledged is lost", async () => {
  const operations = await countOperations(scratch);
  for (let point = 0; point < operations; point++) for (const when of WHEN) await crash(scratch, point, when);
});
