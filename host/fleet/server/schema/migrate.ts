/** Brings the state to the newest version: one file per version, each run once, in one transaction with its number. */
import { FIRST } from "./001_first.ts";
import { STATEMENTS } from "./002_statements.ts";
import { REPORTS } from "./003_reports.ts";
import { ALERTS } from "./004_alerts.ts";
import { OWNERS } from "./005_owners.ts";
import { SAMPLES } from "./006_samples.ts";
import { RETRAINING } from "./007_retraining.ts";
import { SHADOWS } from "./008_shadows.ts";
import { LABELS } from "./009_labels.ts";

/** Statements that make version i + 1 of version i. A file that was released is never changed. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  FIRST,
  STATEMENTS,
  REPORTS,
  ALERTS,
  OWNERS,
  SAMPLES,
  RETRAINING,
  SHADOWS,
  LABELS,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

interface Database {
  exec(sql: string): void;
  transaction(work: () => void): void;
}

/** Runs the migrations from version `found` (0: nothing is there) up to `wanted`. A failure leaves `found` as it was. */
export function migrate(database: Database, found: number, wanted = SCHEMA_VERSION): void {
  if (found === wanted) return;
  database.transaction(() => {
    for (const statement of MIGRATIONS.slice(found, wanted).flat()) database.exec(statement);
    database.exec(`PRAGMA user_version = ${wanted}`);
  });
}
