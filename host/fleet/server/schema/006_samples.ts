/** Version 6: samples that operators have asked devices for. */
export const SAMPLES: readonly string[] = [
  // That many of each device are wanted, until then.
  `CREATE TABLE wishes (model INTEGER PRIMARY KEY REFERENCES models, per_device INTEGER NOT NULL,
     since INTEGER NOT NULL, until INTEGER NOT NULL) STRICT`,
  // sha256: of the sample as it came, which counts once.
  `CREATE TABLE samples (id INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
     model INTEGER NOT NULL REFERENCES models, at INTEGER NOT NULL, sha256 TEXT NOT NULL, body BLOB NOT NULL,
     UNIQUE (device, model, sha256)) STRICT`,
  "CREATE INDEX samples_by_model ON samples (model, id)",
];
