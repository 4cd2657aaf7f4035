/** Kills servers at file operations, opens what they leave, and looks for everything that was acknowledged. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { updateServer } from "../../../host/fleet/server/server.ts";
import { publicPem } from "../../../host/image/keys.ts";
import { version } from "../../support/two_versions.ts";
import { asker, checkConsistent, STEPS, type Tokens } from "./crash_steps.ts";
import { trusted } from "./server_and_devices.ts";

export const WHEN = ["before", "amid", "after"] as const;
export type When = (typeof WHEN)[number];

const program = fileURLToPath(new URL("crash_program.js", import.meta.url));
const IMAGES = [version(2), version(3)];

/** Lines on stdout of the program, and the signal that ended it. */
function runUntilKilled(args: readonly string[]): Promise<{ lines: string[]; signal: string | undefined }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      if (error && error.signal !== "SIGKILL") reject(new Error(stderr.slice(0, 1000) || error.message));
      else resolve({ lines: stdout.split("\n").slice(0, -1), signal: error?.signal ?? undefined });
    });
  });
}

/** Opens what a killed server has left: consistent, with every step that it acknowledged. */
function examine(folder: string, [first, ...steps]: readonly string[]): void {
  const server = updateServer({
    folder,
    keys: [trusted],
    renewTokens: first === undefined,
    now: () => Date.UTC(2030, 0, 1),
  });
  try {
    const ask = asker(server, server.firstTokens ?? (JSON.parse(first!) as Tokens));
    checkConsistent(ask);
    for (const step of STEPS) if (steps.includes(step.name)) step.check(ask, IMAGES);
  } finally {
    server.close();
  }
}

function prepare(scratch: string): string {
  const folder = join(scratch, "images");
  mkdirSync(folder, { recursive: true });
  for (const [i, image] of IMAGES.entries()) writeFileSync(join(folder, `${i}.img`), image);
  writeFileSync(join(folder, "key.pem"), publicPem(trusted));
  return folder;
}

/** How many file operations the steps take. */
export async function countOperations(scratch: string): Promise<number> {
  const folder = mkdtempSync(join(scratch, "count-"));
  const { lines } = await runUntilKilled([folder, prepare(scratch), "-1", "before"]);
  assert.equal(lines.length, STEPS.length + 2);
  examine(folder, lines.slice(0, -1));
  return Number(lines.at(-1));
}

/** One server, killed once; fails with what it would take to do it again. */
export async function crash(scratch: string, operation: number, when: When): Promise<void> {
  const folder = mkdtempSync(join(scratch, "crash-"));
  const { lines, signal } = await runUntilKilled([folder, prepare(scratch), `${operation}`, when]);
  try {
    assert.equal(signal, "SIGKILL");
    examine(folder, lines);
  } catch (error) {
    throw new Error(`killed ${when} operation ${operation}: ${(error as Error).message}`, { cause: error });
  }
  rmSync(folder, { recursive: true });
}
