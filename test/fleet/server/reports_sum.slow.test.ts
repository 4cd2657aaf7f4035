/** As reports_sum.test.ts, of 2 000 devices. */
import { describe, test } from "node:test";
import { skipDevices } from "./server_and_devices.ts";
import { assertSumOf } from "./watched_fleet.ts";

describe("reports of 2 000 devices", { skip: skipDevices }, () => {
  test("add up to what all saw, bit for bit", async (context) => {
    const troubles = await assertSumOf(2000);
    context.diagnostic(JSON.stringify(troubles));
  });
});
