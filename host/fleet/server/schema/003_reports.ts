/** Version 3: what devices tell of their models (firmware/SPEC.md, section 8). */
export const REPORTS: readonly string[] = [
  // The devices' name of a model: the digest that an image's signature is of. NULL until it is looked up.
  "ALTER TABLE images ADD COLUMN digest TEXT",
  "CREATE INDEX images_by_digest ON images (digest)",
  // Models that devices have told of, published here or not.
  `CREATE TABLE models (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, first INTEGER NOT NULL,
     last INTEGER NOT NULL, judged INTEGER NOT NULL DEFAULT 0) STRICT`,
  // As they came. The key makes each interval count once.
  `CREATE TABLE reports (device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
     model INTEGER NOT NULL REFERENCES models, interval INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
     PRIMARY KEY (device, model, interval)) STRICT, WITHOUT ROWID`,
  "CREATE INDEX reports_by_time ON reports (at)",
  // Sums of a model over all devices, by the hour in which reports came. counts: JSON.
  `CREATE TABLE sums (model INTEGER NOT NULL REFERENCES models, hour INTEGER NOT NULL, reports INTEGER NOT NULL,
     counts TEXT NOT NULL, PRIMARY KEY (model, hour)) STRICT, WITHOUT ROWID`,
  // Sums of a device since `day` began. floor: intervals up to it are no longer kept, and count no more.
  `CREATE TABLE windows (device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
     model INTEGER NOT NULL REFERENCES models, day INTEGER NOT NULL, last INTEGER NOT NULL, seconds INTEGER NOT NULL,
     floor INTEGER NOT NULL DEFAULT 0, counts TEXT NOT NULL, PRIMARY KEY (device, model)) STRICT, WITHOUT ROWID`,
  "CREATE INDEX windows_by_model ON windows (model, last)",
  // device 0: of the whole fleet. enough: inferences that showed it; as many that do not take it back.
  `CREATE TABLE findings (model INTEGER NOT NULL REFERENCES models, device INTEGER NOT NULL, kind TEXT NOT NULL,
     subject TEXT NOT NULL, since INTEGER NOT NULL, last INTEGER NOT NULL, text TEXT NOT NULL, test TEXT NOT NULL,
     statistic REAL NOT NULL, threshold REAL NOT NULL, enough INTEGER NOT NULL,
     PRIMARY KEY (model, device, kind, subject)) STRICT, WITHOUT ROWID`,
];
