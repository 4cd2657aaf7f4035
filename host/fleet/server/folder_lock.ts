/** One server per folder, also of servers in other containers, whose process numbers mean nothing here. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileLock, type TryLock } from "../../file_lock.ts";
import { StoreError } from "./store_error.ts";

/** Throws StoreError where this system has none. */
function serverLock(): TryLock {
  try {
    return fileLock();
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new StoreError(`expected a system with file locks, found none for ${process.platform}: ${line}`);
  }
}

/** Locks the folder until the function that is returned is called. Throws StoreError where another server has it. */
export function lockFolder(folder: string): () => void {
  const tryLock = serverLock();
  const path = join(folder, "server.lock");
  const file = openSync(path, "a+", 0o600);
  if (!tryLock(file)) {
    const holder = readFileSync(path, "utf8").trim();
    closeSync(file);
    throw new StoreError(
      `${folder}: expected a folder of its own, found ${holder || "another process"} using it`,
    );
  }
  // For people who ask who holds it; the lock itself is the kernel's.
  ftruncateSync(file);
  writeSync(file, `process ${process.pid} of ${hostname()}\n`);
  let isLocked = true;
  return () => {
    if (isLocked) closeSync(file);
    isLocked = false;
  };
}
