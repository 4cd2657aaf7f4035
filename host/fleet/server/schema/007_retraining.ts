/** Version 7: when a rule has had a model trained again. */
export const RETRAINING: readonly string[] = [
  // ended: NULL while it runs, or where the server was stopped meanwhile. status: of its process, NULL where it was killed.
  `CREATE TABLE retrainings (id INTEGER PRIMARY KEY AUTOINCREMENT, rule INTEGER NOT NULL,
     model INTEGER NOT NULL REFERENCES models, reason TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER,
     status INTEGER) STRICT`,
];
