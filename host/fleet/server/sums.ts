/** Sums of reports, by model and hour. */
import { addCounts, type Counts } from "../telemetry/report.ts";
import type { Context } from "./context.ts";
import { type Row, text } from "./database.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const countsIn = (row: Row): Counts => JSON.parse(text(row, "counts")) as Counts;

/** Sums of a model over the hours from `from` on; undefined where nothing was told. */
export function sumSince({ store }: Context, model: number, from: number): Counts | undefined {
  const rows = store.all("SELECT counts FROM sums WHERE model = ? AND hour >= ? ORDER BY hour", [
    model,
    Math.floor(from / HOUR),
  ]);
  return rows
    .map(countsIn)
    .reduce<Counts | undefined>((sum, each) => (sum ? addCounts(sum, each) : each), undefined);
}
