/** Faults of models, on which devices and since when. */
import { type Finding, KINDS, type Kind } from "../telemetry/verdict.ts";
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";

export interface Place {
  readonly model: number;
  /** 0: the whole fleet. */
  readonly device: number;
}

export interface KnownFinding extends Finding {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly last: number;
}

const nameOf = ({ kind, subject }: Pick<Finding, "kind" | "subject">): string => `${kind} ${subject}`;

export const findingIn = (row: Row): KnownFinding => ({
  kind: KINDS.find((kind) => kind === row["kind"]) as Kind,
  subject: text(row, "subject"),
  text: text(row, "text"),
  test: text(row, "test"),
  statistic: number(row, "statistic"),
  threshold: number(row, "threshold"),
  since: number(row, "since"),
  last: number(row, "last"),
});

/** The gravest of each kind and subject: an end of a feature may be found at both sides. */
function distinct(found: readonly Finding[]): Finding[] {
  const byName = new Map<string, Finding>();
  for (const each of found) {
    const other = byName.get(nameOf(each));
    if (!other || each.statistic > other.statistic) byName.set(nameOf(each), each);
  }
  return [...byName.values()];
}

/**
 * Notes what was found just now. What was found before stays until as many inferences as had shown it show it no more: a window
 * that has just begun proves nothing.
 */
export function noteFindings(
  { store, now }: Context,
  { model, device }: Place,
  found: readonly Finding[],
  inferences: number,
): void {
  const findings = distinct(found);
  const names = new Set(findings.map(nameOf));
  const rows = store.all("SELECT kind, subject, enough FROM findings WHERE model = ? AND device = ?", [
    model,
    device,
  ]);
  for (const row of rows) {
    const [kind, subject] = [text(row, "kind"), text(row, "subject")];
    if (names.has(`${kind} ${subject}`) || inferences < number(row, "enough")) continue;
    store.run("DELETE FROM findings WHERE model = ? AND device = ? AND kind = ? AND subject = ?", [
      model,
      device,
      kind,
      subject,
    ]);
  }
  for (const { kind, subject, text: words, test, statistic, threshold } of findings)
    store.run(
      `INSERT INTO findings (model, device, kind, subject, since, last, text, test, statistic, threshold, enough)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET last = excluded.last, text = excluded.text, test = excluded.test,
         statistic = excluded.statistic, threshold = excluded.threshold`,
      [
        model,
        device,
        kind,
        subject,
        now(),
        now(),
        words,
        test,
        statistic,
        Math.min(threshold, 1e300),
        inferences,
      ],
    );
}
