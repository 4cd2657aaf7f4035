/** Answers to "which models are unwell, since when, which feature, on which devices, after which update". */
import { floatOf } from "../../module/watch.ts";
import { addCounts, type Counts, emptyCounts, FAILURES } from "../telemetry/report.ts";
import { subjectsOf } from "../telemetry/verdict.ts";
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { findingIn, type KnownFinding } from "./findings.ts";
import { accuracyOf } from "./measured.ts";
import { Refused } from "./message.ts";
import { type Attributes, type Predicate, parseQuery } from "./query.ts";
import { countsIn, DAY, HOUR, sumSince } from "./sums.ts";
import { factsOf, type ModelFacts } from "./watched_models.ts";

const EXAMPLES = 20;
/** A device is silent when it has told nothing for so many of its intervals. */
const SILENT_INTERVALS = 3;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Devices of a model that have told nothing for some intervals, of this model or another one. */
function silentDevices({ store, now }: Context, model: number): Row[] {
  return store.all(
    `SELECT devices.name AS name, windows.last AS last FROM windows JOIN devices ON devices.id = windows.device
       WHERE model = ? AND last + ? * max(seconds, 60) * 1000 < ?
       AND NOT EXISTS (SELECT 1 FROM windows AS other WHERE other.device = windows.device AND other.last > windows.last)
       ORDER BY last LIMIT 1000`,
    [model, SILENT_INTERVALS, now()],
  );
}

/** Whether no device tells of a model any more, but of another version of it: what was wrong with it is over. */
function isReplaced({ store, now }: Context, model: number, facts: ModelFacts | undefined): boolean {
  if (!facts) return false;
  const isTold = store.get(
    "SELECT 1 FROM windows WHERE model = ? AND last + ? * max(seconds, 60) * 1000 >= ?",
    [model, SILENT_INTERVALS, now()],
  );
  if (isTold) return false;
  const newer = store.get(
    `SELECT 1 FROM models JOIN images ON images.digest = models.hash WHERE images.model = ? AND models.id <> ?
       AND models.last > (SELECT last FROM models WHERE id = ?)`,
    [facts.model, model, model],
  );
  return newer !== undefined;
}

/** The rollout that brought a model's image last. */
function rolloutOf({ store }: Context, facts: ModelFacts | undefined) {
  if (!facts) return null;
  const row = store.get("SELECT name, created FROM rollouts WHERE image = ? ORDER BY created DESC LIMIT 1", [
    facts.image,
  ]);
  return row ? { name: text(row, "name"), created: iso(number(row, "created")) } : null;
}

const described = ({ since, last, threshold, ...finding }: KnownFinding) => ({
  ...finding,
  threshold: Number.isFinite(threshold) ? threshold : null,
  since: iso(since),
  last: iso(last),
});

/** A model's faults in the whole fleet; where that has none, on the device with the gravest; each with the number of devices. */
export function findingsOf({ store }: Context, model: number) {
  const counts = new Map(
    store
      .all(
        `SELECT kind, subject, count(*) AS devices, min(since) AS since FROM findings
           WHERE model = ? AND device > 0 GROUP BY kind, subject`,
        [model],
      )
      .map((row) => [`${row["kind"]} ${row["subject"]}`, row]),
  );
  // SQLite gives the columns of the group's row that has the greatest.
  const gravest = store.all(
    `SELECT *, max(CASE device WHEN 0 THEN 1e308 ELSE statistic END) FROM findings WHERE model = ?
       GROUP BY kind, subject ORDER BY since, kind, subject LIMIT 1000`,
    [model],
  );
  return gravest.map((row) => {
    const finding = findingIn(row);
    const count = counts.get(`${finding.kind} ${finding.subject}`);
    const since = Math.min(finding.since, count ? number(count, "since") : finding.since);
    return { ...described({ ...finding, since }), devices: count ? number(count, "devices") : 0 };
  });
}

function stateOf(replaced: boolean, isUnwell: boolean, facts: ModelFacts | undefined) {
  if (isUnwell) return "unwell";
  if (replaced) return "replaced";
  return facts?.watch ? "well" : "not watched";
}

function overview(context: Context, row: Row) {
  const { store } = context;
  const [id, hash] = [number(row, "id"), text(row, "hash")];
  const facts = factsOf(context, hash);
  const replaced = isReplaced(context, id, facts);
  const findings = replaced ? [] : findingsOf(context, id);
  const unwell = replaced
    ? 0
    : number(
        store.get("SELECT count(DISTINCT device) AS n FROM findings WHERE model = ? AND device > 0", [id])!,
        "n",
      );
  const silent = silentDevices(context, id).length;
  const image = store.get("SELECT owner FROM images WHERE digest = ?", [hash]);
  const isUnwell = findings.length + unwell + silent > 0;
  return {
    hash,
    owner: image ? text(image, "owner") : "",
    model: facts?.model ?? "",
    version: facts?.version ?? "",
    state: stateOf(replaced, isUnwell, facts),
    first: iso(number(row, "first")),
    last: iso(number(row, "last")),
    devices: number(store.get("SELECT count(*) AS n FROM windows WHERE model = ?", [id])!, "n"),
    unwellDevices: unwell,
    silentDevices: silent,
    rollout: rolloutOf(context, facts),
    accuracy: accuracyOf(context, id),
    findings,
  };
}

export type ModelHealth = ReturnType<typeof overview>;

/** All models that devices have told of, the latest first. */
export const allModels = (context: Context): ModelHealth[] =>
  context.store
    .all("SELECT * FROM models ORDER BY last DESC LIMIT 1000")
    .map((row) => overview(context, row));

/** Sums of the devices that a query finds, each since its day began. */
function sumOfGroup({ store }: Context, model: number, isWanted: Predicate): Counts | undefined {
  const rows = store.all(
    "SELECT windows.counts AS counts, devices.name AS name, devices.attributes AS attributes FROM windows JOIN devices ON devices.id = windows.device WHERE model = ?",
    [model],
  );
  return rows
    .filter((row) => isWanted(text(row, "name"), JSON.parse(String(row["attributes"] ?? "{}")) as Attributes))
    .map(countsIn)
    .reduce<Counts | undefined>((sum, each) => (sum ? addCounts(sum, each) : each), undefined);
}

function channelsOf(facts: ModelFacts, counts: Counts) {
  if (counts.channels.length !== facts.watch?.channels.length) return [];
  return subjectsOf(facts).map(({ name, unit, kind, real }, i) => {
    const { edges, counts: calibration } = facts.watch!.channels[i]!;
    const value = kind === "shift" ? floatOf : real;
    return {
      name,
      unit: unit.trim(),
      kind,
      edges: edges.map(value),
      calibration,
      counts: counts.channels[i]!,
    };
  });
}

/** Devices on which something is wrong, and since when. */
function unwellDevices({ store }: Context, model: number) {
  const rows = store.all(
    `SELECT findings.*, devices.name AS name FROM findings JOIN devices ON devices.id = findings.device
       WHERE model = ? AND device > 0 ORDER BY since, name LIMIT 1000`,
    [model],
  );
  return rows.map((row) => ({ device: text(row, "name"), ...described(findingIn(row)) }));
}

/** All of one model by its hash, for the fleet's last day or a group's. Throws Refused (404, 400). */
export function modelHealth(context: Context, hash: string, query: string) {
  const { store, now } = context;
  const row = store.get("SELECT * FROM models WHERE hash = ?", [hash]);
  if (!row)
    throw new Refused(
      404,
      `model: expected the hash of one that devices told of, found "${hash.slice(0, 64)}"`,
    );
  const id = number(row, "id");
  const facts = factsOf(context, hash);
  const sum = query === "" ? sumSince(context, id, now() - DAY) : sumOfGroup(context, id, parseQuery(query));
  const counts = sum ?? emptyCounts(0, 0);
  const hours = store
    .all("SELECT hour, reports, counts FROM sums WHERE model = ? AND hour >= ? ORDER BY hour", [
      id,
      Math.floor((now() - 7 * DAY) / HOUR),
    ])
    .map((each) => {
      const { inferences, failures, overruns } = countsIn(each);
      const at = iso(number(each, "hour") * HOUR);
      return {
        at,
        reports: number(each, "reports"),
        inferences,
        failures: failures.reduce((a, b) => a + b),
        overruns,
      };
    });
  return {
    ...overview(context, row),
    inferences: counts.inferences,
    overruns: counts.overruns,
    resets: counts.resets,
    updates: counts.updates,
    counters: counts.counters,
    failures: Object.fromEntries(FAILURES.map((name, i) => [name, counts.failures[i]!])),
    latency: counts.latency,
    classes: counts.classes.map((count, i) => ({
      label: facts?.borders.outputs[facts.watch?.output ?? 0]?.labels?.[i] ?? String(i),
      calibration: facts?.watch?.classes[i] ?? 0,
      count,
    })),
    channels: facts ? channelsOf(facts, counts) : [],
    hours,
    unwell: unwellDevices(context, id).slice(0, EXAMPLES),
    silent: silentDevices(context, id)
      .slice(0, EXAMPLES)
      .map((each) => ({ device: text(each, "name"), last: iso(number(each, "last")) })),
  };
}
