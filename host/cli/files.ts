import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes several files of one folder so that a failure leaves nothing half-written: all go to a
 * temporary folder beside their place first, and are renamed only when every one is complete.
 */
export function writeAll(folder: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  mkdirSync(folder, { recursive: true });
  const staging = mkdtempSync(join(folder, ".thimble-"));
  try {
    for (const [name, contents] of Object.entries(files)) writeFileSync(join(staging, name), contents);
    for (const name of Object.keys(files)) renameSync(join(staging, name), join(folder, name));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
