/**
 * One server per folder: a lock on an open file that the kernel keeps. It holds against processes in other containers,
 * whose process numbers mean nothing here, and ends with the process, however that ends.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import { StoreError } from "./store_error.ts";

type TryLock = (file: number) => boolean;

/** Loaded only where a folder is to be locked: the addon is not there for every system. */
function fileLock(): TryLock {
  try {
    return (createRequire(import.meta.url)("fs-native-extensions") as { tryLock: TryLock }).tryLock;
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new StoreError(`expected a system with file locks, found none for ${process.platform}: ${line}`);
  }
}

/** Locks the folder until the function that is returned is called. Throws StoreError where another server has it. */
export function lockFolder(folder: string): () => void {
  const tryLock = fileLock();
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
