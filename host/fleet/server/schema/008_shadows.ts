/** Version 8: versions that run beside the one in service, on devices of a rollout's first stage. */
export const SHADOWS: readonly string[] = [
  // Counts of devices of a version beside their own.
  `CREATE TABLE shadows (model INTEGER NOT NULL REFERENCES models, device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
     compared INTEGER NOT NULL, agreed INTEGER NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY (model, device))
     STRICT, WITHOUT ROWID`,
  // JSON of a plan's shadow; NULL without. shadowing: 1 while devices of the first stage must not install.
  "ALTER TABLE rollouts ADD COLUMN shadow TEXT",
  "ALTER TABLE rollouts ADD COLUMN shadowing INTEGER NOT NULL DEFAULT 0",
];
