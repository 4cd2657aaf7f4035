/** Version 5: who owns a model, as its publisher says. */
export const OWNERS: readonly string[] = ["ALTER TABLE images ADD COLUMN owner TEXT NOT NULL DEFAULT ''"];
