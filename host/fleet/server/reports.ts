/**
 * Reports of devices on their models: each (device, model, interval) counts once, however often and in whatever order it
 * comes. Sums are kept by model and hour and by device and day; what is wrong is judged as reports come.
 */
import { addCounts, type Counts, type DeviceReport, decodeReport, ReportError } from "../telemetry/report.ts";
import { type Finding, type Judged, judge, levelFor } from "../telemetry/verdict.ts";
import type { Context } from "./context.ts";
import { number } from "./database.ts";
import type { DeviceRow } from "./devices.ts";
import { noteFindings } from "./findings.ts";
import { LIMITS } from "./limits.ts";
import { Refused } from "./message.ts";
import { noteModel } from "./model_rows.ts";
import { judgeShadows, noteShadow } from "./shadows.ts";
import { countsIn, DAY, HOUR, sumSince } from "./sums.ts";
import { factsOf } from "./watched_models.ts";

const MINUTE = 60_000;
/** The fleet's sums of a model are judged once in so long, over so many hours. */
const JUDGED_EVERY = 15 * MINUTE;
const FLEET_HOURS = 24;

/** Faults of a model that was never published here: only failures are known. */
const UNPUBLISHED: Judged = { watch: undefined, borders: { inputs: [], outputs: [] } };

function countsOf(report: DeviceReport): Counts {
  const { inferences, overruns, resets, updates, seconds, failures, latency, classes, channels } = report;
  // Those of a shadow are no counters of the application.
  const counters = report.shadow ? report.counters.map(() => 0) : report.counters;
  return { inferences, overruns, resets, updates, seconds, counters, failures, latency, classes, channels };
}

/** Throws Refused (400). */
function read(body: Uint8Array): DeviceReport {
  try {
    return decodeReport(body);
  } catch (error) {
    throw error instanceof ReportError ? new Refused(400, error.message) : error;
  }
}

/** Throws Refused (409) where reports of one model have two shapes: one of them is made up. */
function plus(a: Counts, b: Counts): Counts {
  try {
    return addCounts(a, b);
  } catch (error) {
    throw error instanceof ReportError ? new Refused(409, error.message) : error;
  }
}

/** Whether it is new: kept from now on. Throws Refused (409) where the device tells of too many models. */
function keep(
  { store, now }: Context,
  device: number,
  model: number,
  report: DeviceReport,
  body: Uint8Array,
) {
  const window = store.get("SELECT floor FROM windows WHERE device = ? AND model = ?", [device, model]);
  if (window && number(window, "floor") >= report.interval) return false;
  if (!window) {
    const told = number(store.get("SELECT count(*) AS n FROM windows WHERE device = ?", [device])!, "n");
    if (told >= LIMITS.modelsPerDevice)
      throw new Refused(
        409,
        `report: expected at most ${LIMITS.modelsPerDevice} models of a device, found more`,
      );
  }
  const { changes } = store.run(
    "INSERT OR IGNORE INTO reports (device, model, interval, at, body) VALUES (?, ?, ?, ?, ?)",
    [device, model, report.interval, now(), body],
  );
  return changes > 0;
}

function addToSums({ store, now }: Context, model: number, counts: Counts): void {
  const hour = Math.floor(now() / HOUR);
  const row = store.get("SELECT counts FROM sums WHERE model = ? AND hour = ?", [model, hour]);
  const sum = row ? plus(countsIn(row), counts) : counts;
  store.run(
    `INSERT INTO sums (model, hour, reports, counts) VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET reports = reports + 1, counts = excluded.counts`,
    [model, hour, JSON.stringify(sum)],
  );
}

/** The counts of the device since its day began. */
function addToWindow({ store, now }: Context, device: number, model: number, counts: Counts): Counts {
  const day = Math.floor(now() / DAY);
  const row = store.get("SELECT day, counts FROM windows WHERE device = ? AND model = ?", [device, model]);
  const sum = row && number(row, "day") === day ? plus(countsIn(row), counts) : counts;
  store.run(
    `INSERT INTO windows (device, model, day, last, seconds, counts) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET day = excluded.day, last = excluded.last, seconds = excluded.seconds,
       counts = excluded.counts`,
    [device, model, day, now(), counts.seconds, JSON.stringify(sum)],
  );
  return sum;
}

function judgeDevice(context: Context, device: number, model: number, hash: string, counts: Counts): void {
  const facts = factsOf(context, hash) ?? UNPUBLISHED;
  const found: Finding[] = judge(facts, counts, levelFor(counts.channels.length));
  noteFindings(context, { model, device }, found, counts.inferences);
}

function judgeFleet(context: Context, model: number, hash: string): void {
  const { store, now } = context;
  const due = store.get("SELECT judged FROM models WHERE id = ?", [model])!;
  if (now() - number(due, "judged") < JUDGED_EVERY) return;
  store.run("UPDATE models SET judged = ? WHERE id = ?", [now(), model]);
  const facts = factsOf(context, hash) ?? UNPUBLISHED;
  const counts = sumSince(context, model, now() - FLEET_HOURS * HOUR);
  if (!counts) return;
  const level = levelFor(counts.channels.length, 1000, DAY / JUDGED_EVERY);
  noteFindings(context, { model, device: 0 }, judge(facts, counts, level), counts.inferences);
}

/** Reports that are older than is kept go, and their intervals count no more. */
function forget({ store, now }: Context): void {
  const before = now() - LIMITS.reportsKept;
  if (!store.get("SELECT 1 FROM reports WHERE at < ? LIMIT 1", [before - HOUR])) return;
  store.run(
    `UPDATE windows SET floor = max(floor, coalesce((SELECT max(interval) FROM reports
       WHERE reports.device = windows.device AND reports.model = windows.model AND at < ?), 0))`,
    [before],
  );
  store.run("DELETE FROM reports WHERE at < ?", [before]);
}

/**
 * Takes a report; one that is known already, or older than what is kept, changes nothing. Gives the hash of its model. Throws
 * Refused (400, 409).
 */
export function takeReport(context: Context, device: DeviceRow, body: Uint8Array): string {
  const report = read(body);
  context.store.transaction(() => {
    const model = noteModel(context, report.model);
    if (!keep(context, device.id, model, report, body)) return;
    const counts = countsOf(report);
    if (report.shadow) noteShadow(context, { model, device: device.id }, report.counters);
    addToSums(context, model, counts);
    const window = addToWindow(context, device.id, model, counts);
    context.store.run("UPDATE models SET last = ? WHERE id = ?", [context.now(), model]);
    judgeDevice(context, device.id, model, report.model, window);
    judgeFleet(context, model, report.model);
    if (report.shadow) judgeShadows(context, { model, hash: report.model });
    forget(context);
  });
  return report.model;
}
