/** Hostile load for some rounds of polls; server_load.slow.test.ts has ten minutes of it beside 500 devices. */
import { test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { checkReport, underLoad } from "./under_load.ts";

const scratch = scratchFolder();

test("honest devices are all served beside dripping connections, bodies and floods", async () => {
  const plan = { devices: 20, rounds: 3, poll: 0.5, seconds: 0, dripping: 100, bodies: 10, floods: 2 };
  checkReport(await underLoad(scratch, plan), plan);
});
