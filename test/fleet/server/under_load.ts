/** `thimble serve` under hostile load, both in processes of their own; what has to hold of every such run. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LIMITS } from "../../../host/fleet/server/limits.ts";
import { publicPem } from "../../../host/image/keys.ts";
import type { LoadPlan, LoadReport } from "./load.ts";
import { startServer } from "./process.ts";
import { trusted } from "./server_and_devices.ts";

const program = fileURLToPath(new URL("load_program.js", import.meta.url));

/** SECURITY.md says it: what the server's process may hold under any load. */
export const MOST_RSS = 512 * 1024 * 1024;

/** One side of the load in a process; its stdin ends it, its last line is what it reports. */
function start(side: "honest" | "hostile", target: object, plan: LoadPlan) {
  const args = [program, side, JSON.stringify(target), JSON.stringify(plan)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const report = async (): Promise<object> => {
    await once(child, "close");
    return JSON.parse(said.trim().split("\n").at(-1)!) as object;
  };
  return { child, report };
}

export async function underLoad(scratch: string, plan: LoadPlan): Promise<LoadReport> {
  const folder = mkdtempSync(join(scratch, "load-"));
  const trust = join(folder, "trusted.pem");
  writeFileSync(trust, publicPem(trusted));
  const data = join(folder, "data");
  const server = await startServer(["--data", data, "--init", "--trust", trust]);
  const target = {
    port: Number(new URL(server.url).port),
    pid: server.pid,
    folder: data,
    gateway: server.gateway!,
  };
  const honest = start("honest", target, plan);
  const served = honest.report();
  // "registered" is the first that it says.
  await once(honest.child.stdout, "data");
  const hostile = start("hostile", target, plan);
  const tried = hostile.report();
  const report = { ...(await served) };
  hostile.child.stdin.end();
  Object.assign(report, { hostile: await tried });
  assert.equal(await server.end("SIGTERM"), 0);
  return report as LoadReport;
}

/** Fails with the whole report. */
export function checkReport(report: LoadReport, { devices, rounds }: LoadPlan): void {
  const text = JSON.stringify(report);
  assert.ok(report.polls >= devices * rounds, text);
  assert.equal(report.served, report.polls, text);
  assert.ok(report.mostRss < MOST_RSS, text);
  assert.ok(report.mostLogBytes <= LIMITS.walBytes, text);
}
