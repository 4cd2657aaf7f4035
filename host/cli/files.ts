import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileKind } from "../file_kind.ts";
import { ownedFolder } from "../file_lock.ts";
import { UsageError } from "./options.ts";

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** As mkdir -p. Node's `recursive` never returns where a folder takes no folders, as in /proc (seen on 20.20). */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  if (!existsSync(folder)) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

/** The bytes of a file. A folder is refused, and what may never end, such as a device. */
export function readBytes(path: string, expected: string): Uint8Array {
  const info = statSync(path);
  if (!info.isFile()) throw new UsageError(`${path}: expected ${expected}, found ${fileKind(info)}`);
  return new Uint8Array(readFileSync(path));
}

/**
 * Writes several files of one folder so that a failure leaves nothing half-written: all go to a
 * temporary folder beside their place first, and are renamed only when every one is complete. What a process left there
 * that was killed amid it is removed.
 */
export function writeAll(folder: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  const isNew = !existsSync(folder);
  makeFolder(folder);
  const names = Object.keys(files);
  const blocked = names.map((name) => join(folder, name)).find(isFolder);
  if (blocked !== undefined) throw new UsageError(`${blocked}: expected a file to replace, found a folder`);
  const { folder: staging, remove } = ownedFolder(join(folder, ".thimble-"));
  try {
    for (const name of names) writeFileSync(join(staging, name), files[name]!);
    for (const name of names) renameSync(join(staging, name), join(folder, name));
  } catch (error) {
    if (isNew) rmSync(folder, { recursive: true, force: true });
    // A full disk, say: Node's error names no file then.
    const failure = error as NodeJS.ErrnoException;
    failure.path ??= folder;
    throw failure;
  } finally {
    remove();
  }
}
