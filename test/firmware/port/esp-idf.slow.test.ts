/** An update of the ESP-IDF example, with the power cut amid each of its changes to flash. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { skip } from "./esp-idf/device.ts";
import { CUT_STATUS, lives, surviveCut } from "./esp-idf/life.ts";

const scratch = scratchFolder();

describe("the sensor example", { skip }, () => {
  test("survives a loss of power amid each of its changes to flash", async () => {
    const device = await lives(scratch);
    const seen = new Set<string>();
    for (let cut = 1; ; cut++) {
      const { status, text } = await surviveCut(device, cut);
      if (status === 0) break;
      assert.equal(status, CUT_STATUS, text);
      seen.add(/version 2/.test(text) ? "on trial" : "before");
      assert.ok(cut < 100, "expected an update of fewer changes");
    }
    assert.deepEqual([...seen].sort(), ["before", "on trial"]);
  });
});
