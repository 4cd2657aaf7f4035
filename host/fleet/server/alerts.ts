/**
 * Alerts: whoever owns a model is told of what is wrong with it, once, again when it lasts, and when it has gone. What is to be
 * sent is in the database until its receiver has taken it, so a dead receiver loses none.
 */
import { type Alert, messageOf } from "./alert_messages.ts";
import type { AlertRules, Receiver } from "./alert_rules.ts";
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { allModels, type ModelHealth } from "./health.ts";
import { matches } from "./query.ts";

/** Sends a body of `messageOf`: a status of HTTP or of SMTP, or 0 where nobody answered. `id` tells it from all others. */
export type Post = (receiver: Receiver, body: string, id: string) => Promise<number>;

export interface Alerting {
  /** Notes what is to be told by now. */
  collect(): void;
  /** Sends what is due: how many messages were taken. */
  deliver(): Promise<number>;
}

const HOUR = 3_600_000;
const [FIRST_WAIT, LONGEST_WAIT] = [10_000, HOUR];

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

function causeOf(kind: string, { rollout }: ModelHealth): string {
  const update = rollout ? `the rollout ${rollout.name} of ${rollout.created}` : "";
  const causes: Readonly<Record<string, string>> = {
    shift: "a sensor that drifts, was exchanged or scaled otherwise, or another environment",
    outside: "a sensor that is damaged, saturated or scaled otherwise",
    missing: "a sensor that gives no values",
    silence: "no power, no network, or firmware that hangs",
    overruns: "a slower clock, other tasks, or flash that is slower than before",
  };
  const cause = causes[kind] ?? "a change of what the model sees, or the model itself";
  return update === "" ? cause : `${cause}; or ${update}`;
}

interface Found {
  readonly model: ModelHealth;
  readonly kind: string;
  readonly subject: string;
  readonly since: number;
  readonly alert: Alert;
}

function alertOf(
  context: Context,
  rules: AlertRules,
  model: ModelHealth,
  finding: Omit<ModelHealth["findings"][number], "last">,
): Alert {
  const { kind, subject, text: words, since, devices } = finding;
  const ruled = Object.entries(rules.owners ?? {}).find(([pattern]) => matches(model.model, pattern))?.[1];
  const owner = ruled ?? model.owner;
  const examples = context.store
    .all(
      `SELECT devices.name AS name FROM findings JOIN devices ON devices.id = findings.device JOIN models ON models.id = findings.model
         WHERE models.hash = ? AND kind = ? AND subject = ? ORDER BY since, name LIMIT 3`,
      [model.hash, kind, subject],
    )
    .map((row) => text(row, "name"));
  const name = model.model === "" ? model.hash.slice(0, 12) : `${model.model} ${model.version}`;
  return {
    labels: {
      alertname: "ThimbleModelUnwell",
      model: model.model,
      version: model.version,
      hash: model.hash,
      kind,
      ...(subject !== "" && { feature: subject }),
      ...(owner !== "" && { owner }),
    },
    annotations: {
      summary: `${name}: ${kind}${subject === "" ? "" : ` of ${subject}`}: ${words}`,
      devices:
        devices === 0 ? "the fleet as a whole" : `${devices} of ${model.devices}: ${examples.join(", ")}`,
      cause: causeOf(kind, model),
      look: `curl -H "Authorization: Bearer $THIMBLE_TOKEN" ${rules.url ?? "URL"}/rest/v1/models/${model.hash}`,
    },
    startsAt: since,
  };
}

/** All that is wrong now, and is silenced for nobody. */
function findAll(context: Context, rules: AlertRules): Found[] {
  const now = context.now();
  const isSilenced = ({ model }: ModelHealth): boolean =>
    (rules.silences ?? []).some(({ models, until }) => now < Date.parse(until) && matches(model, models));
  return allModels(context)
    .filter((model) => !isSilenced(model))
    .flatMap((model) => {
      const silence = {
        kind: "silence" as never,
        subject: "",
        text: `${model.silentDevices} of ${model.devices} devices tell nothing any more`,
        test: "",
        statistic: model.silentDevices,
        threshold: 0,
        since: model.last,
        devices: 0,
      };
      const all = [...model.findings, ...(model.silentDevices > 0 ? [silence] : [])];
      return all.map((finding): Found => {
        const { kind, subject, since } = finding;
        return {
          model,
          kind,
          subject,
          since: Date.parse(since),
          alert: alertOf(context, rules, model, finding),
        };
      });
    });
}

const isFor = ({ model, kind }: Found, { models = "*", kinds }: AlertRules["routes"][number]): boolean =>
  matches(model.model, models) && (kinds === undefined || kinds.includes(kind));

const nameOf = (hash: string, kind: string, subject: string): string => `${hash} ${kind} ${subject}`;

/** The alerts of one receiver: what is new or has lasted, and what has gone. */
function changesFor(context: Context, rules: AlertRules, receiver: string, found: readonly Found[]) {
  const { store, now } = context;
  const repeat = (rules.repeatHours ?? 24) * HOUR;
  const wanted = found.filter((each) =>
    rules.routes.some((route) => route.receiver === receiver && isFor(each, route)),
  );
  const told = store.all(
    "SELECT alerts.*, models.hash AS hash FROM alerts JOIN models ON models.id = alerts.model WHERE receiver = ?",
    [receiver],
  );
  const known = new Map(
    told.map((row) => [nameOf(text(row, "hash"), text(row, "kind"), text(row, "subject")), row]),
  );
  const current = new Set(wanted.map(({ model, kind, subject }) => nameOf(model.hash, kind, subject)));
  const firing = wanted.filter(({ model, kind, subject }) => {
    const row = known.get(nameOf(model.hash, kind, subject));
    return !row || now() - number(row, "told") >= repeat;
  });
  const gone = [...known].filter(([name]) => !current.has(name)).map(([, row]) => row);
  return { firing, gone };
}

function byModel<T>(all: readonly T[], hashOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(hashOf(each), [...(groups.get(hashOf(each)) ?? []), each]);
  return [...groups.values()];
}

function collectFor(context: Context, rules: AlertRules, name: string, found: readonly Found[]): void {
  const { store, now } = context;
  const receiver = rules.receivers[name]!;
  const { firing, gone } = changesFor(context, rules, name, found);
  const put = (status: "firing" | "resolved", alerts: readonly Alert[]): void => {
    const endsAt = status === "resolved" ? iso(now()) : undefined;
    const body = messageOf(receiver, name, status, alerts, { url: rules.url, endsAt });
    store.run("INSERT INTO outbox (receiver, body, created, due) VALUES (?, ?, ?, ?)", [
      name,
      body,
      now(),
      now(),
    ]);
  };
  for (const group of byModel(firing, ({ model }) => model.hash)) {
    put(
      "firing",
      group.map(({ alert }) => alert),
    );
    for (const { model, kind, subject, since, alert } of group)
      store.run(
        `INSERT INTO alerts (receiver, model, kind, subject, since, told, alert)
           SELECT ?, id, ?, ?, ?, ?, ? FROM models WHERE hash = ?
           ON CONFLICT DO UPDATE SET told = excluded.told, alert = excluded.alert`,
        [name, kind, subject, since, now(), JSON.stringify(alert), model.hash],
      );
  }
  for (const group of byModel(gone, (row: Row) => text(row, "hash"))) {
    put(
      "resolved",
      group.map((row) => JSON.parse(text(row, "alert")) as Alert),
    );
    for (const row of group)
      store.run("DELETE FROM alerts WHERE receiver = ? AND model = ? AND kind = ? AND subject = ?", [
        name,
        number(row, "model"),
        text(row, "kind"),
        text(row, "subject"),
      ]);
  }
}

export function alertingOf(context: Context, rules: AlertRules, post: Post): Alerting {
  const { store, now } = context;
  return {
    collect() {
      store.transaction(() => {
        const found = findAll(context, rules);
        for (const name of Object.keys(rules.receivers)) collectFor(context, rules, name, found);
      });
    },
    async deliver() {
      let taken = 0;
      const rows = store.all("SELECT * FROM outbox WHERE due <= ? ORDER BY id LIMIT 100", [now()]);
      const waiting = new Set<string>();
      for (const row of rows) {
        const [id, name] = [number(row, "id"), text(row, "receiver")];
        const receiver = rules.receivers[name];
        // Messages of one receiver stay in order; those of one that the rules no longer have wait for it.
        if (!receiver || waiting.has(name)) continue;
        const status = await post(receiver, text(row, "body"), `${number(row, "created")}.${id}`);
        if (status >= 200 && status < 300) {
          store.run("DELETE FROM outbox WHERE id = ?", [id]);
          taken++;
          continue;
        }
        const wait = Math.min(FIRST_WAIT * 2 ** number(row, "attempts"), LONGEST_WAIT);
        // A mail server that refuses one message, such as for its addressee, takes others.
        const isAlone = receiver.type === "email" && status >= 500;
        if (!isAlone) waiting.add(name);
        store.run(
          `UPDATE outbox SET attempts = attempts + 1, due = ? WHERE ${isAlone ? "id" : "receiver"} = ?`,
          [now() + wait, isAlone ? id : name],
        );
        const expected = receiver.type === "email" ? 250 : 200;
        context.log(
          `alerts to ${name}: expected status ${expected}, found ${status}; again in ${wait / 1000} s`,
        );
      }
      return taken;
    },
  };
}
