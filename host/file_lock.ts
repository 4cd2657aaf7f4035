/**
 * Locks on open files that the kernel keeps: they hold against every process, in whatever container, and end with the
 * process that has one, however that ends.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

/** Takes the lock of an open file; false where another has it. Writing has to be allowed. */
export type TryLock = (file: number) => boolean;

/** Loaded only where something is to be locked: the addon is not there for every system. Throws where it is missing. */
export const fileLock = (): TryLock =>
  (createRequire(import.meta.url)("fs-native-extensions") as { tryLock: TryLock }).tryLock;

/** Undefined where this system has no lock: then nothing is taken for left behind. */
function lockOrNone(): TryLock | undefined {
  try {
    return fileLock();
  } catch {
    return undefined;
  }
}

const OWNER = "owner.lock";

/** A folder that its process owns while it has the lock of a file in it. */
export interface OwnedFolder {
  readonly folder: string;
  readonly remove: () => void;
}

function removeUnowned(folder: string, tryLock: TryLock): void {
  let file: number | undefined;
  try {
    // One that is empty was left before it had an owner; who is making it just now makes another.
    if (readdirSync(folder).length === 0) {
      rmdirSync(folder);
      return;
    }
    file = openSync(join(folder, OWNER), "r+");
    if (tryLock(file)) rmSync(folder, { recursive: true, force: true });
  } catch {
    // It is somebody else's, or gone by now.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The file with the lock, or undefined where another process has removed the folder before it was locked. */
function own(folder: string, tryLock: TryLock): number | undefined {
  const path = join(folder, OWNER);
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (isOwned(file, tryLock) && statSync(path, { throwIfNoEntry: false })) return file;
  closeSync(file);
  return undefined;
}

/** A file system without locks takes none of anybody: what lies there stays. */
function isOwned(file: number, tryLock: TryLock): boolean {
  try {
    return tryLock(file);
  } catch {
    return true;
  }
}

function removeLeftovers(prefix: string, tryLock: TryLock): void {
  const parent = dirname(prefix);
  try {
    for (const name of readdirSync(parent))
      if (name.startsWith(basename(prefix))) removeUnowned(join(parent, name), tryLock);
  } catch {
    // A folder that may be written but not listed.
  }
}

/**
 * A new folder whose name begins with the prefix. Those beside it with that beginning whose owner has ended, by SIGKILL
 * say, are removed; neither age nor process number says that, but the lock that no one has.
 */
export function ownedFolder(prefix: string): OwnedFolder {
  const tryLock = lockOrNone();
  if (tryLock !== undefined) removeLeftovers(prefix, tryLock);
  for (;;) {
    const folder = mkdtempSync(prefix);
    const file = tryLock === undefined ? undefined : own(folder, tryLock);
    if (tryLock !== undefined && file === undefined) continue;
    return {
      folder,
      remove() {
        rmSync(folder, { recursive: true, force: true });
        if (file !== undefined) closeSync(file);
      },
    };
  }
}
