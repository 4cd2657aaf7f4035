/**
 * The server's state: one SQLite file. A transaction is on the disk before its request is answered (write-ahead log,
 * synchronous=FULL), so a process that is killed loses nothing that it has acknowledged.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import sqlite from "node-sqlite3-wasm";
import { lockFolder } from "./folder_lock.ts";
import { LIMITS } from "./limits.ts";
import { Refused } from "./message.ts";
import { migrate, SCHEMA_VERSION } from "./schema/migrate.ts";
import { StoreError } from "./store_error.ts";

export type Value = number | string | Uint8Array | null;
export type Row = Readonly<Record<string, Value>>;

export const text = (row: Row, column: string): string => String(row[column]);
export const number = (row: Row, column: string): number => Number(row[column]);

export interface Store {
  all(sql: string, values?: readonly Value[]): Row[];
  /** The first row of a query that finds few. */
  get(sql: string, values?: readonly Value[]): Row | undefined;
  /** The id of the row that was inserted, and how many changed. */
  run(sql: string, values?: readonly Value[]): { readonly id: number; readonly changes: number };
  /** All of it or nothing; on the disk when this returns. Inside of another it is part of that. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export interface StoreOptions {
  /** Where the state is; in memory where absent. */
  readonly folder?: string | undefined;
  /** Whether a state is made where there is none; default true. */
  readonly create?: boolean | undefined;
}

type Database = InstanceType<typeof sqlite.Database>;

/** A fault of the state itself, as the answer to whoever asked; undefined where the error is of another kind. */
export function stateRefusal(error: unknown): Refused | undefined {
  const { message = "", code = "" } = error as NodeJS.ErrnoException;
  if (/malformed|not a database|malformed database schema/.test(message))
    return new Refused(500, "the server's database is damaged: expected a sound file, found a corrupt one");
  if (
    ["ENOSPC", "EDQUOT", "EROFS", "EFBIG", "EIO"].includes(code) ||
    /disk I\/O error|disk is full/.test(message)
  )
    return new Refused(507, "the server's disk takes no more: expected room to write, found none");
  return undefined;
}

/** Throws StoreError where a folder that was to hold a state holds none, or what is left of one. */
function checkFolder(folder: string, create: boolean): void {
  if (existsSync(join(folder, "state.db"))) return;
  const names = existsSync(folder) ? readdirSync(folder) : undefined;
  if (!create) {
    const found =
      names === undefined ? "no folder" : names.length === 0 ? "an empty folder" : "no state.db in it";
    throw new StoreError(`${folder}: expected the state of a server, found ${found}; --init makes a new one`);
  }
  const images = join(folder, "images");
  if (existsSync(images) && readdirSync(images).length > 0)
    throw new StoreError(
      `${folder}: expected a folder without images for a new state, found those of a lost one`,
    );
}

/** Throws StoreError where the file is damaged, or of a version that is not known. */
function checkState(database: Database, folder: string): number {
  // An index that disagrees with its table is found too; 200 000 devices take some seconds.
  const [first] = database.all("PRAGMA integrity_check(1)") as { integrity_check: string }[];
  const found = Number((database.get("PRAGMA user_version") as Row)["user_version"]);
  const tables = Number((database.get("SELECT count(*) AS n FROM sqlite_schema") as Row)["n"]);
  const verdict = (first?.integrity_check ?? "nothing").replace(/\s+/g, " ");
  if (verdict !== "ok")
    throw new StoreError(`${folder}: expected a sound database, found damage: ${verdict}`);
  if (found > SCHEMA_VERSION)
    throw new StoreError(
      `${folder}: expected data of version ${SCHEMA_VERSION} at most, found ${found}: a newer thimble made it`,
    );
  if (found === 0 && tables > 0)
    throw new StoreError(`${folder}: expected the state of a server, found a database of something else`);
  return found;
}

function storeOf(database: Database, unlock: () => void): Store {
  const statements = new Map<string, sqlite.Statement>();
  const prepare = (sql: string): sqlite.Statement => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const all = (sql: string, values: readonly Value[] = []): Row[] => prepare(sql).all([...values]) as Row[];
  return {
    all,
    // Not the library's own `get`, which leaves its statement amid its rows: then the log can't be written back.
    get: (sql, values = []) => all(sql, values)[0],
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
}

/** One process, so no shared memory is needed, which WebAssembly has not. */
const PRAGMAS = [
  "locking_mode = EXCLUSIVE",
  "journal_mode = WAL",
  "synchronous = FULL",
  "foreign_keys = ON",
  `wal_autocheckpoint = ${LIMITS.walPages}`,
  `journal_size_limit = ${LIMITS.walBytes}`,
];

function openDatabase(folder: string | undefined, create: boolean, unlock: () => void): Store {
  const database = new sqlite.Database(folder === undefined ? undefined : join(folder, "state.db"));
  const store = storeOf(database, unlock);
  const name = folder ?? "memory";
  try {
    for (const pragma of PRAGMAS) database.all(`PRAGMA ${pragma}`);
    const found = checkState(database, name);
    if (found === 0 && !create)
      throw new StoreError(
        `${name}: expected the state of a server, found an empty one; --init makes a new one`,
      );
    migrate({ exec: (sql) => database.exec(sql), transaction: store.transaction }, found);
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Opens, or creates, the state in a folder. Throws StoreError. */
export function openStore({ folder, create = true }: StoreOptions): Store {
  if (folder === undefined) return openDatabase(undefined, create, () => {});
  checkFolder(folder, create);
  let unlock = (): void => {};
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    unlock = lockFolder(folder);
    // The library's own lock is a folder that outlives a killed process; that there is none, lockFolder knows.
    rmSync(join(folder, "state.db.lock"), { recursive: true, force: true });
    return openDatabase(folder, create, unlock);
  } catch (error) {
    unlock();
    throw error instanceof StoreError ? error : unusable(folder, error as NodeJS.ErrnoException);
  }
}

/** The system's or the library's words as one line of ours. */
function unusable(folder: string, { code, message }: NodeJS.ErrnoException): StoreError {
  const [line = ""] = message.split("\n");
  if (/not a database|malformed/.test(line))
    return new StoreError(`${folder}: expected a sound database, found damage: ${line}`);
  const isFull = code === "ENOSPC" || (existsSync(folder) && statfsSync(folder).bavail === 0);
  if (isFull) return new StoreError(`${folder}: expected room on the disk, found none`);
  return new StoreError(`${folder}: expected a folder to write to, found: ${line}`);
}
