/** Many losses of power during updates of the firmware in QEMU. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { firmwareAvailability } from "../../../../host/firmware/qemu_build.ts";
import { scratchFolder } from "../../../support/folders.ts";
import { scriptedServer } from "../../../support/scripted_server.ts";
import { interrupted, second } from "./interrupted_update.ts";

const availability = await firmwareAvailability();
const skip = availability.available ? false : `${availability.reason}; install: ${availability.install}`;
const scratch = scratchFolder();
const [SEEDS, CUTS] = [50, 12];

test(`${SEEDS} updates in QEMU, each with up to ${CUTS} losses of power`, { skip }, async (t) => {
  let cuts = 0;
  for (let seed = 100; seed < 100 + SEEDS; seed++) {
    const server = scriptedServer();
    server.deployment = { id: seed, image: second };
    cuts += await interrupted(scratch, server, seed, CUTS);
  }
  t.diagnostic(`${cuts} losses of power`);
  assert.ok(cuts > SEEDS);
});
