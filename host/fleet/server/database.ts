/**
 * The server's state: one SQLite file. A transaction is on the disk before its request is answered (write-ahead log,
 * synchronous=FULL), so a process that is killed loses nothing that it has acknowledged.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sqlite from "node-sqlite3-wasm";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

export type Value = number | string | Uint8Array | null;
export type Row = Readonly<Record<string, Value>>;

export const text = (row: Row, column: string): string => String(row[column]);
export const number = (row: Row, column: string): number => Number(row[column]);

export interface Store {
  all(sql: string, values?: readonly Value[]): Row[];
  get(sql: string, values?: readonly Value[]): Row | undefined;
  /** The id of the row that was inserted, and how many changed. */
  run(sql: string, values?: readonly Value[]): { readonly id: number; readonly changes: number };
  /** All of it or nothing; on the disk when this returns. Inside of another it is part of that. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** The data folder cannot be used: one line says why. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** When a process began, in clock ticks since the boot; empty where the system does not say. */
function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function isAlive(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  // A number is given again, to this process too where it is the first of a container.
  return startOf(pid) === start;
}

/** Two servers must not share a folder. What a killed one leaves behind is cleared away. */
function lockFolder(folder: string): () => void {
  const file = join(folder, "server.pid");
  const claim = (): boolean => {
    try {
      writeFileSync(file, `${process.pid} ${startOf(process.pid)}\n`, { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  };
  if (!claim()) {
    const [pid = "0", start = ""] = readFileSync(file, "utf8").trim().split(" ");
    if (Number(pid) > 0 && isAlive(Number(pid), start))
      throw new StoreError(`${folder}: expected a folder of its own, found process ${pid} using it`);
    rmSync(file, { force: true });
    if (!claim())
      throw new StoreError(`${folder}: expected a folder of its own, found another process using it`);
  }
  return () => rmSync(file, { force: true });
}

function checkVersion(store: Store, folder: string): void {
  const found = Number(store.get("PRAGMA user_version")!["user_version"]);
  if (found === SCHEMA_VERSION) return;
  if (found !== 0)
    throw new StoreError(`${folder}: expected data of version ${SCHEMA_VERSION}, found ${found}`);
  store.transaction(() => {
    for (const statement of SCHEMA) store.run(statement);
    store.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

/** Opens, or creates, the state in a folder; without a folder it is in memory and goes with the process. */
export function openStore(folder?: string): Store {
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = folder === undefined ? () => {} : lockFolder(folder);
  // The library's lock is a folder that outlives a killed process; that there is none, lockFolder knows.
  if (folder !== undefined) rmSync(join(folder, "state.db.lock"), { recursive: true, force: true });
  const database = new sqlite.Database(folder === undefined ? undefined : join(folder, "state.db"));
  const statements = new Map<string, sqlite.Statement>();
  const prepare = (sql: string): sqlite.Statement => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const store: Store = {
    all: (sql, values = []) => prepare(sql).all([...values]) as Row[],
    get: (sql, values = []) => (prepare(sql).get([...values]) as Row | null) ?? undefined,
    run(sql, values = []) {
      const { lastInsertRowid, changes } = prepare(sql).run([...values]);
      return { id: Number(lastInsertRowid), changes };
    },
    transaction(work) {
      if (database.inTransaction) return work();
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        if (database.inTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    close() {
      for (const statement of statements.values()) statement.finalize();
      database.close();
      unlock();
    },
  };
  try {
    // One process, so no shared memory is needed, which WebAssembly has not.
    for (const pragma of ["locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"])
      database.all(`PRAGMA ${pragma}`);
    checkVersion(store, folder ?? "memory");
  } catch (error) {
    store.close();
    throw error;
  }
  return store;
}
