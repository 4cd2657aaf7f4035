/** `thimble serve` under hostile load, both in processes of their own; what has to hold of every such run. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LIMITS } from "../../../host/fleet/server/limits.ts";
import { publicPem } from "../../../host/image/keys.ts";
import type { LoadPlan, LoadReport } from "./load.ts";
import { startServer } from "./process.ts";
import { trusted } from "./server_and_devices.ts";

const program = fileURLToPath(new URL("load_program.js", import.meta.url));

/** SECURITY.md says it: what the server's process may hold under any load. */
export const MOST_RSS = 512 * 1024 * 1024;

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
  const args = [program, JSON.stringify(target), JSON.stringify(plan)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  assert.equal(await server.end("SIGTERM"), 0);
  return JSON.parse(stdout) as LoadReport;
}

/** Fails with the whole report. */
export function checkReport(report: LoadReport, { devices, rounds }: LoadPlan): void {
  const text = JSON.stringify(report);
  assert.ok(report.polls >= devices * rounds, text);
  assert.equal(report.served, report.polls, text);
  assert.ok(report.mostRss < MOST_RSS, text);
  assert.ok(report.mostLogBytes <= LIMITS.walBytes, text);
}
