/** Version 4: who is told of what is wrong with models, and what has still to be sent. */
export const ALERTS: readonly string[] = [
  // Told to a receiver, and not resolved yet. told: when it was told last.
  `CREATE TABLE alerts (receiver TEXT NOT NULL, model INTEGER NOT NULL REFERENCES models, kind TEXT NOT NULL,
     subject TEXT NOT NULL, since INTEGER NOT NULL, told INTEGER NOT NULL, alert TEXT NOT NULL,
     PRIMARY KEY (receiver, model, kind, subject)) STRICT, WITHOUT ROWID`,
  // A row goes when its receiver has taken it, and not before.
  `CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, body TEXT NOT NULL,
     created INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL) STRICT`,
];
