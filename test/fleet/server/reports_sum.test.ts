/** The server's sums of some devices with the real core, against their rows counted centrally; 2 000 in the slow tests. */
import { describe, test } from "node:test";
import { skipDevices } from "./server_and_devices.ts";
import { assertSumOf } from "./watched_fleet.ts";

describe("reports of many devices", { skip: skipDevices }, () => {
  test("add up to what all saw, bit for bit, with power cut and reports lost, doubled and reordered", async () => {
    await assertSumOf(24);
  });
});
