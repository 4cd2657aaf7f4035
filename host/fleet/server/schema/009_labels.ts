/** Version 9: the right answers of samples and logged predictions, which come later, and how many decisions they confirm. */
export const LABELS: readonly string[] = [
  // name: the number of a sample, or the SHA-256 of a line of a log. kind: of the sample, or "log". decided: the label that the
  // model decided for; NULL where it decides nothing. Samples may be deleted meanwhile.
  `CREATE TABLE labels (model INTEGER NOT NULL REFERENCES models, name TEXT NOT NULL, kind TEXT NOT NULL, decided TEXT,
     label TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (model, name)) STRICT, WITHOUT ROWID`,
  // Sums of labels whose model has decided.
  `CREATE TABLE tallies (model INTEGER NOT NULL REFERENCES models, kind TEXT NOT NULL, labelled INTEGER NOT NULL,
     right INTEGER NOT NULL, PRIMARY KEY (model, kind)) STRICT, WITHOUT ROWID`,
  // JSON of a plan's accuracy; NULL without.
  "ALTER TABLE rollouts ADD COLUMN accuracy TEXT",
];
