/** Version 1: the tables of thimble 0.1. Times are milliseconds since 1970. */
export const FIRST: readonly string[] = [
  // SHA-256 of tokens only: who reads the file can act as nobody.
  `CREATE TABLE tokens (name TEXT PRIMARY KEY, role TEXT NOT NULL, hash BLOB NOT NULL, created INTEGER NOT NULL)
     STRICT`,
  `CREATE TABLE images (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, sha1 TEXT NOT NULL, md5 TEXT NOT NULL,
     model TEXT NOT NULL, version TEXT NOT NULL, bytes INTEGER NOT NULL, security_counter INTEGER NOT NULL,
     memory_bytes INTEGER NOT NULL, uploaded INTEGER NOT NULL, uploaded_by TEXT NOT NULL) STRICT`,
  // attributes: JSON; NULL until the device has said what it is.
  `CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, token_hash BLOB, created INTEGER NOT NULL,
     seen INTEGER NOT NULL, address TEXT NOT NULL, attributes TEXT) STRICT`,
  // model -> the image that the device confirmed last.
  `CREATE TABLE installed (device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE, model TEXT NOT NULL,
     image INTEGER NOT NULL REFERENCES images, action INTEGER NOT NULL, PRIMARY KEY (device, model))
     STRICT, WITHOUT ROWID`,
  `CREATE TABLE rollouts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, image INTEGER NOT NULL REFERENCES images,
     query TEXT NOT NULL, stage_sizes TEXT NOT NULL, success REAL NOT NULL, errors REAL NOT NULL, min_version TEXT,
     retries INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL) STRICT`,
  // Counts of the stage's devices by state, so that no answer of a device has to count a fleet.
  `CREATE TABLE stages (rollout INTEGER NOT NULL REFERENCES rollouts ON DELETE CASCADE, number INTEGER NOT NULL,
     started INTEGER NOT NULL DEFAULT 0, devices INTEGER NOT NULL, waiting INTEGER NOT NULL,
     running INTEGER NOT NULL DEFAULT 0, succeeded INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
     skipped INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (rollout, number))
     STRICT, WITHOUT ROWID`,
  `CREATE TABLE members (rollout INTEGER NOT NULL REFERENCES rollouts ON DELETE CASCADE,
     device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE, stage INTEGER NOT NULL, state TEXT NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', changed INTEGER NOT NULL,
     PRIMARY KEY (rollout, device)) STRICT, WITHOUT ROWID`,
  "CREATE INDEX members_by_stage ON members (rollout, stage, state)",
  "CREATE INDEX members_by_device ON members (device)",
  // AUTOINCREMENT: a device remembers numbers of actions, so none is given twice.
  // state: open, cancelling, closed. execution: what the device said last; empty where it knows nothing of it.
  `CREATE TABLE actions (id INTEGER PRIMARY KEY AUTOINCREMENT,
     device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
     rollout INTEGER NOT NULL REFERENCES rollouts ON DELETE CASCADE, image INTEGER NOT NULL REFERENCES images,
     state TEXT NOT NULL, execution TEXT NOT NULL DEFAULT '', progress INTEGER NOT NULL DEFAULT 0,
     created INTEGER NOT NULL, changed INTEGER NOT NULL) STRICT`,
  "CREATE INDEX actions_open ON actions (device, id) WHERE state <> 'closed'",
  "CREATE INDEX actions_by_rollout ON actions (rollout, device)",
  `CREATE TABLE feedback (id INTEGER PRIMARY KEY, action INTEGER NOT NULL REFERENCES actions ON DELETE CASCADE,
     at INTEGER NOT NULL, execution TEXT NOT NULL, finished TEXT NOT NULL, details TEXT NOT NULL) STRICT`,
  "CREATE INDEX feedback_by_action ON feedback (action)",
  `CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL,
     what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL) STRICT`,
];
