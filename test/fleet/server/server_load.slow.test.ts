/** Ten minutes of hostile load beside 500 honest devices: all are served, memory and disk stay within their bounds. */
import { test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { checkReport, underLoad } from "./under_load.ts";

const scratch = scratchFolder();

test("ten minutes of dripping connections, bodies, floods and registrations beside 500 devices", async () => {
  const plan = { devices: 500, rounds: 2, poll: 10, seconds: 600, dripping: 3000, bodies: 150, floods: 16 };
  const report = await underLoad(scratch, plan);
  console.log(JSON.stringify(report));
  checkReport(report, plan);
});
