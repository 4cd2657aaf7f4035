/** The server's folder: locked, checked, migrated, bounded; and a disk that takes no more. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs, {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import sqlite from "node-sqlite3-wasm";
import { audit, type Context } from "../../../host/fleet/server/context.ts";
import { openStore, type Store } from "../../../host/fleet/server/database.ts";
import { lockFolder } from "../../../host/fleet/server/folder_lock.ts";
import { LIMITS } from "../../../host/fleet/server/limits.ts";
import { MIGRATIONS, migrate, SCHEMA_VERSION } from "../../../host/fleet/server/schema/migrate.ts";
import { StoreError } from "../../../host/fleet/server/store_error.ts";
import { scratchFolder } from "../../support/folders.ts";
import { version } from "../../support/two_versions.ts";
import { rawDevice } from "./raw_device.ts";
import { json, rollout, scene, startRollout } from "./server_and_devices.ts";

const scratch = scratchFolder();
let folders = 0;
const fresh = (): string => join(scratch, `${folders++}`);

/** A folder with a server's state in it: devices, an image, a rollout. */
function used(): string {
  const folder = fresh();
  const at = scene({ folder });
  for (let i = 0; i < 50; i++) rawDevice(at, `d${i}`).configure({ board: "c3", note: "x".repeat(100) });
  startRollout(at, at.publish(version(2)));
  at.server.close();
  return folder;
}

/** The database of a folder without the server: it has no shared memory, so it has to be its only user. */
function rawDatabase(folder: string): InstanceType<typeof sqlite.Database> {
  mkdirSync(folder, { recursive: true });
  const database = new sqlite.Database(join(folder, "state.db"));
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  return database;
}

const refusal = (folder: string, create?: boolean): string => {
  try {
    openStore({ folder, create }).close();
  } catch (error) {
    assert.ok(error instanceof StoreError, `${error}`);
    assert.equal(error.message.split("\n").length, 1);
    return error.message;
  }
  return "";
};

describe("the lock of a folder", () => {
  test("holds against this process and others, ends with its process, and says who has it", async () => {
    const folder = used();
    const store = openStore({ folder });
    assert.match(
      refusal(folder),
      new RegExp(`expected a folder of its own, found process ${process.pid} of `),
    );
    store.close();
    const program =
      `import { lockFolder } from ${JSON.stringify(new URL("../../../host/fleet/server/folder_lock.js", import.meta.url).href)};` +
      `lockFolder(${JSON.stringify(folder)}); console.log("locked"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    assert.match(refusal(folder), new RegExp(`found process ${child.pid} of `));
    child.kill("SIGKILL");
    await once(child, "exit");
    // A dead process's number, and a number that lives in this container and not in the other, mean nothing.
    writeFileSync(join(folder, "server.lock"), "process 1 of elsewhere\n");
    assert.equal(refusal(folder), "");
  });

  test("is given back, once", () => {
    const folder = fresh();
    mkdirSync(folder);
    const unlock = lockFolder(folder);
    unlock();
    unlock();
    lockFolder(folder)();
  });
});

describe("a folder that was to hold a state", () => {
  const lost: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    ["is not there", () => {}, /expected the state of a server, found no folder; --init makes a new one/],
    ["is empty", (folder) => mkdirSync(folder), /found an empty folder; --init/],
    [
      "holds something else",
      (folder) => {
        mkdirSync(folder);
        writeFileSync(join(folder, "notes"), "");
      },
      /found no state\.db in it; --init/,
    ],
    [
      "holds a database without a table",
      (folder) => {
        mkdirSync(folder);
        writeFileSync(join(folder, "state.db"), "");
      },
      /found an empty one; --init/,
    ],
  ];
  for (const [name, prepare, expected] of lost)
    test(`${name}: refused, and nothing is made; --init makes it`, () => {
      const folder = fresh();
      prepare(folder);
      const before = existsSync(folder);
      assert.match(refusal(folder, false), expected);
      assert.equal(existsSync(folder), before);
      assert.equal(refusal(folder, true), "");
      assert.equal(refusal(folder, false), "");
    });

  test("images without their database are not written over by a new state", () => {
    const folder = used();
    rmSync(join(folder, "state.db"));
    for (const create of [true, false]) assert.notEqual(refusal(folder, create), "");
    assert.match(refusal(folder, true), /found those of a lost one/);
  });
});

describe("a damaged database", () => {
  const sound = used();
  const size = statSync(join(sound, "state.db")).size;
  /** Breaks the structure of the page in which the offset lies. */
  const spoil = (offset: number) => (file: string) => {
    const bytes = readFileSync(file);
    bytes.fill(0xff, offset, offset + 64);
    writeFileSync(file, bytes);
  };
  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ["its header", spoil(0)],
    ["its schema", spoil(100)],
    ...Array.from(
      { length: Math.floor(size / 4096) - 1 },
      (_, i) => [`page ${i + 2}`, spoil(4096 * (i + 1))] as const,
    ),
    ["half of it gone", (file) => truncateSync(file, Math.floor(size / 8192) * 4096)],
    ["text in its place", (file) => writeFileSync(file, "no database\n".repeat(1000))],
  ];
  for (const [name, damage] of damages)
    test(`${name}: the server does not start, in one line`, () => {
      const folder = fresh();
      cpSync(sound, folder, { recursive: true });
      damage(join(folder, "state.db"));
      assert.match(refusal(folder), /expected a sound database, found damage: /);
    });

  test("of another program, or of a later thimble", () => {
    const later = used();
    const database = rawDatabase(later);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    database.close();
    assert.match(
      refusal(later),
      new RegExp(`version ${SCHEMA_VERSION} at most, found ${SCHEMA_VERSION + 1}`),
    );
    const other = fresh();
    const foreign = rawDatabase(other);
    foreign.exec("CREATE TABLE notes (text)");
    foreign.close();
    assert.match(refusal(other), /found a database of something else/);
  });
});

describe("migrations", () => {
  const schemaOf = (store: { all(sql: string): unknown }) =>
    store.all("SELECT type, name, sql FROM sqlite_schema ORDER BY name");
  /** A database as a thimble of that version left it. */
  const makeOld = (folder: string, old: number, rows: readonly string[]): void => {
    const database = rawDatabase(folder);
    const transaction = (work: () => void): void => work();
    migrate({ exec: (sql) => database.exec(sql), transaction }, 0, old);
    for (const row of rows) database.exec(row);
    database.close();
  };
  /** A device that confirmed an image, in the columns that version 1 had. */
  const ROWS = [
    "INSERT INTO tokens VALUES ('admin', 'manage', x'00', 5)",
    `INSERT INTO images (id, sha256, sha1, md5, model, version, bytes, security_counter, memory_bytes, uploaded,
       uploaded_by) VALUES (1, 'aa', 'bb', 'cc', 'adder', '2.0.0', 4, 0, 64, 5, 'admin')`,
    `INSERT INTO devices (id, name, token_hash, created, seen, address, attributes)
       VALUES (1, 'one', NULL, 5, 6, '10.0.0.1', '{"version":"1.0.0"}')`,
    "INSERT INTO installed (device, model, image, action) VALUES (1, 'adder', 1, 1)",
    `INSERT INTO rollouts (id, name, image, query, stage_sizes, success, errors, retries, state, created)
       VALUES (1, 'r', 1, '', '[{"rest":true}]', 90, 10, 1, 'finished', 5)`,
    "INSERT INTO stages (rollout, number, started, devices, waiting, succeeded) VALUES (1, 0, 1, 1, 0, 1)",
    "INSERT INTO members (rollout, device, stage, state, attempts, changed) VALUES (1, 1, 0, 'succeeded', 1, 6)",
  ];

  for (let old = 1; old < SCHEMA_VERSION; old++)
    test(`from version ${old}: the tables are those of a new state, and what was known is known`, () => {
      const folder = fresh();
      makeOld(folder, old, ROWS);
      const at = scene({ folder, renewTokens: true });
      assert.equal(rollout(at, 1).stages[0]!.counts.succeeded, 1);
      assert.deepEqual(at.operate<{ installed: object }>("GET", "/devices/one").installed, {
        adder: "2.0.0",
      });
      at.server.close();
      const migrated = openStore({ folder });
      const made = openStore({});
      assert.deepEqual(schemaOf(migrated), schemaOf(made));
      assert.equal(migrated.get("PRAGMA user_version")!["user_version"], SCHEMA_VERSION);
      for (const store of [migrated, made]) store.close();
    });

  test("one that fails leaves the old version as it was", () => {
    const folder = fresh();
    makeOld(folder, 1, [...ROWS, "CREATE TABLE downloads (old)"]);
    assert.notEqual(refusal(folder), "");
    const database = rawDatabase(folder);
    assert.deepEqual(database.get("PRAGMA user_version"), { user_version: 1 });
    assert.equal((database.all("PRAGMA table_info(devices)") as object[]).length, 7);
    database.close();
  });

  test("a version that was released is never changed", () => {
    // Version 1 in numbers: whoever has to change it writes another file.
    assert.deepEqual([MIGRATIONS[0]!.length, MIGRATIONS[0]!.join("\n").length], [15, 3129]);
  });
});

describe("the write-ahead log", () => {
  test("stays small while a server registers devices and answers them", () => {
    const folder = fresh();
    const at = scene({ folder, rates: { registration: { perSecond: 1e6, burst: 1e6 } } });
    const log = (): number => statSync(join(folder, "state.db-wal")).size;
    let most = 0;
    for (let i = 0; i < 600; i++) {
      rawDevice(at, `d${i}`).configure({ board: "x".repeat(100) });
      at.clock.now += 1;
      at.operate("GET", "/devices?limit=5");
      most = Math.max(most, log());
    }
    at.server.close();
    assert.ok(most <= LIMITS.walBytes, `${most}`);
  });
});

describe("a disk that takes no more", () => {
  type Write = typeof fs.writeSync;
  /** Everything that is written meets a full disk meanwhile. */
  function whileFull<T>(work: () => T): T {
    const original = fs.writeSync;
    fs.writeSync = (() => {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    }) as Write;
    syncBuiltinESMExports();
    try {
      return work();
    } finally {
      fs.writeSync = original;
      syncBuiltinESMExports();
    }
  }

  test("what reads goes on, what writes says why; afterwards all is as it was", () => {
    const lines: string[] = [];
    const at = scene({ folder: fresh(), log: (line) => lines.push(line) });
    const device = rawDevice(at, "device");
    device.configure({ board: "c3" });
    at.operate("GET", "/devices");
    at.clock.now += 120;
    whileFull(() => {
      assert.equal(device.ask("GET", "").status, 200);
      for (const path of [
        "/devices",
        "/devices/device",
        "/rollouts",
        "/images",
        "/audit",
        "/tokens",
        "/server",
      ])
        at.operate("GET", path);
      assert.match(at.operate<{ seen: string }>("GET", "/devices/device").seen, /00:02:00/);
      const [status, title] = at.refused("POST", "/tokens", { name: "t", role: "read" });
      assert.deepEqual([status, /disk takes no more/.test(title)], [507, true]);
      assert.equal(at.refused("POST", "/images", version(2))[0], 507);
      const answer = device.ask("PUT", "/configData", { data: { board: "c6" } });
      assert.deepEqual(
        [answer.status, /disk takes no more/.test(json<{ title: string }>(answer).title)],
        [507, true],
      );
    });
    assert.ok(lines.length >= 1 && lines.length < 6, lines.join("\n"));
    assert.deepEqual(at.operate("GET", "/images"), { images: [] });
    startRollout(at, at.publish(version(2)));
    assert.equal(device.report("success").status, 200);
    at.server.close();
  });
});

test("a store that is closed has written its log back", () => {
  const folder = used();
  const store: Store = openStore({ folder });
  store.run("INSERT INTO audit (at, who, address, what, subject, detail) VALUES (1, 'a', '', 'b', 'c', '')");
  store.close();
  assert.equal(existsSync(join(folder, "state.db-wal")), false);
  const { stdout } = spawnSync("ls", [folder], { encoding: "utf8" });
  assert.deepEqual(stdout.trim().split("\n").sort(), ["images", "server.lock", "state.db"]);
});

test("a transaction that fails takes nothing with it, nor the next one", () => {
  const folder = used();
  const insert = (store: Store, who: string): void =>
    void store.run(
      "INSERT INTO audit (at, who, address, what, subject, detail) VALUES (1, ?, '', '', '', '')",
      [who],
    );
  const store = openStore({ folder });
  assert.throws(
    () =>
      store.transaction(() => {
        insert(store, "failed");
        throw new RangeError("amid");
      }),
    /amid/,
  );
  store.transaction(() => insert(store, "next"));
  store.close();
  const again = openStore({ folder });
  const found = again.all("SELECT who FROM audit WHERE who IN ('failed', 'next')");
  again.close();
  assert.deepEqual(found, [{ who: "next" }]);
});

test("the audit keeps so many rows, the newest, and so much of each", () => {
  const rows = LIMITS.auditRows;
  const store = openStore({});
  const context = { store, now: () => 1 } as unknown as Context;
  // As if so many had been written before.
  store.run(
    "INSERT INTO audit (id, at, who, address, what, subject, detail) VALUES (?, 1, 'old', '', '', '', ''), (?, 1, 'oldest', '', '', '', '')",
    [2, 1],
  );
  store.run(
    "INSERT INTO audit (id, at, who, address, what, subject, detail) VALUES (?, 1, 'newer', '', '', '', '')",
    [rows],
  );
  audit(context, { name: "somebody", address: "" }, "does", "x", "d".repeat(2 * LIMITS.auditDetailChars));
  const found = store.all("SELECT id, who, length(detail) AS chars FROM audit ORDER BY id");
  store.close();
  assert.deepEqual(found, [
    { id: 2, who: "old", chars: 0 },
    { id: rows, who: "newer", chars: 0 },
    { id: rows + 1, who: "somebody", chars: LIMITS.auditDetailChars },
  ]);
});
