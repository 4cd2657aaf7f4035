import type { Management, RolloutPlan, RolloutStatus, StageSize } from "../fleet/server/management.ts";
import { ACCURACY, DEFAULTS, SHADOW } from "../fleet/server/plan.ts";
import { tallyText } from "../fleet/telemetry/accuracy.ts";
import { table } from "../table.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";
import { managementOf, SERVER_OPTIONS, SERVER_USAGE } from "./server_options.ts";

const START_OPTIONS = {
  ...SERVER_OPTIONS,
  name: { type: "string" },
  query: { type: "string" },
  stages: { type: "string" },
  success: { type: "string" },
  errors: { type: "string" },
  "min-version": { type: "string" },
  retries: { type: "string" },
  "allow-downgrade": { type: "boolean" },
  shadow: { type: "string" },
  "shadow-least": { type: "string" },
  accuracy: { type: "string" },
  "accuracy-least": { type: "string" },
} as const;
const ABORT_OPTIONS = { ...SERVER_OPTIONS, force: { type: "boolean" }, device: { type: "string" } } as const;
type StartValues = ReturnType<typeof parse<typeof START_OPTIONS>>["values"];

const DEFAULT_STAGES = "10%,rest";

function stage(text: string): StageSize {
  if (text === "rest") return { rest: true };
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined) return { percent: Number(percent) };
  if (/^[1-9]\d*$/.test(text)) return { count: Number(text) };
  throw new UsageError(`--stages: expected N, N% or rest with commas between, found "${text}"`);
}

function percentage(option: string, text: string): number {
  const value = Number(text.replace(/%$/, ""));
  if (!/^\d+(\.\d+)?%?$/.test(text) || value > 100)
    throw new UsageError(`${option}: expected 0 to 100 per cent, found "${text}"`);
  return value;
}

function shadowOf(values: StartValues): Pick<RolloutPlan, "shadow"> {
  const { shadow, "shadow-least": least, hawkbit } = values;
  if (shadow === undefined) {
    if (least !== undefined) throw new UsageError("--shadow-least: expected --shadow beside it, found none");
    return {};
  }
  if (hawkbit) throw new UsageError("--shadow: expected a thimble serve, found a hawkBit");
  return {
    shadow: {
      agreement: percentage("--shadow", shadow),
      least: wholeNumber("--shadow-least", least ?? String(SHADOW.least), 1),
    },
  };
}

function accuracyPlan(values: StartValues): Pick<RolloutPlan, "accuracy"> {
  const { accuracy, "accuracy-least": least, hawkbit } = values;
  if (accuracy === undefined) {
    if (least !== undefined)
      throw new UsageError("--accuracy-least: expected --accuracy beside it, found none");
    return {};
  }
  if (hawkbit) throw new UsageError("--accuracy: expected a thimble serve, found a hawkBit");
  const percent = percentage("--accuracy", accuracy);
  if (percent === 0) throw new UsageError("--accuracy: expected more than 0 per cent, found 0");
  return {
    accuracy: { percent, least: wholeNumber("--accuracy-least", least ?? String(ACCURACY.least), 1) },
  };
}

function planOf(image: string, values: StartValues): RolloutPlan {
  const { name, query, "min-version": minVersion } = values;
  return {
    image: wholeNumber("IMAGE", image, 1),
    stages: (values.stages ?? DEFAULT_STAGES).split(",").map((text) => stage(text.trim())),
    success: values.success === undefined ? DEFAULTS.success : percentage("--success", values.success),
    errors: values.errors === undefined ? DEFAULTS.errors : percentage("--errors", values.errors),
    retries: values.retries === undefined ? DEFAULTS.retries : wholeNumber("--retries", values.retries, 0),
    ...(name !== undefined && { name }),
    ...(query !== undefined && { query }),
    ...(minVersion !== undefined && { minVersion }),
    ...(values["allow-downgrade"] && { allowDowngrade: true }),
    ...shadowOf(values),
    ...accuracyPlan(values),
  };
}

/** A rollout for people: a row for every stage, and why devices refused. */
function rolloutText(status: RolloutStatus): string {
  const { id, name, model, version, state, reason, stages, refusals, shadow, accuracy } = status;
  const header = ["stage", "devices", "waiting", "running", "succeeded", "failed", "skipped", "cancelled"];
  const rows = stages.map(({ devices, counts }, i) =>
    [
      i + 1,
      devices,
      counts.waiting,
      counts.running,
      counts.succeeded,
      counts.failed,
      counts.skipped,
      counts.cancelled,
    ].map(String),
  );
  return [
    `rollout ${id} (${name}): ${model} ${version}, ${state}${reason === "" ? "" : `: ${reason}`}`,
    ...(shadow
      ? [
          `shadow${shadow.running ? "" : " (over)"}: ${shadow.agreed} of ${shadow.compared} decisions agree, ${shadow.failed} failed; ` +
            `judged from ${shadow.least} on, expected ${shadow.agreement} %`,
        ]
      : []),
    ...(accuracy
      ? [`accuracy: ${tallyText(accuracy)}; expected ${accuracy.percent} %, by ${accuracy.least} labels`]
      : []),
    table([header, ...rows]),
    ...refusals.map((each) => `${each.devices} x ${each.reason}`),
  ].join("\n");
}

function show(status: RolloutStatus | readonly RolloutStatus[], asJson: boolean | undefined): void {
  if (asJson) printJson(status);
  else if ("id" in status) print(rolloutText(status));
  else print(status.map(rolloutText).join("\n\n") || "no rollouts");
}

const COMMANDS = ["status", "pause", "resume"] as const;

/** The number of a rollout, by the number or by its name. */
async function idOf(management: Management, text: string): Promise<number> {
  if (/^\d+$/.test(text)) return wholeNumber("ROLLOUT", text, 1);
  const found = (await management.rollouts()).find(({ name }) => name === text);
  if (!found) throw new UsageError(`expected a rollout of the server, found "${text}"`);
  return found.id;
}

async function list(args: readonly string[]): Promise<number> {
  const { values } = parse(args, SERVER_OPTIONS, []);
  show(await managementOf(values).rollouts(), values.json);
  return 0;
}

async function start(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, START_OPTIONS, ["IMAGE"]);
  show(await managementOf(values).start(planOf(positionals[0]!, values)), values.json);
  return 0;
}

async function abort(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, ABORT_OPTIONS, ["ROLLOUT"]);
  const { force = false, device } = values;
  const management = managementOf(values);
  const id = await idOf(management, positionals[0]!);
  show(await management.abort(id, { force, ...(device !== undefined && { device }) }), values.json);
  return 0;
}

export const rolloutCommand: Command = {
  name: "rollout",
  summary: "bring an image to a fleet, in stages",
  usage: `thimble rollout start IMAGE [--stages LIST=${DEFAULT_STAGES}] [--query TERMS] [--success PERCENT=${DEFAULTS.success}]
              [--errors PERCENT=${DEFAULTS.errors}] [--min-version X.Y.Z] [--retries N=${DEFAULTS.retries}] [--name NAME]
              [--allow-downgrade] [--shadow PERCENT [--shadow-least N=${SHADOW.least}]]
              [--accuracy PERCENT [--accuracy-least N=${ACCURACY.least}]]
thimble rollout status|pause|resume ROLLOUT
thimble rollout abort ROLLOUT [--device NAME] [--force]
thimble rollout list
    all with [--server URL] [--token TOKEN] [--hawkbit] [--json]

IMAGE is the number that thimble publish printed; ROLLOUT a number or a name.
  --stages       devices of each stage: a number, a part of all such as 10%, or rest
  --query        only devices with these attributes: board=esp32-c3,site=b* (name is the device's own)
  --success      per cent of a stage that have to succeed before the next one starts
  --errors       per cent of a stage whose failure stops everything and calls back who has not begun a trial
  --min-version  leaves out devices that run an older version, or one that nobody knows
  --retries      how often a device that failed is asked again
  --allow-downgrade  devices that run a newer version, or are to install one, go back; they are left out otherwise
  --shadow       devices of the first stage run the image beside the one in service until N inferences were compared; then they
                 install it, where so many per cent of the decisions agree and nothing is wrong with it, or all stops
  --accuracy     later stages wait for N labels of the image's decisions (thimble accuracy); where fewer than so many per cent
                 were right, beyond what chance explains, all stops
  --device       takes back the order of this device only
  --force        does not wait for devices that have not answered: their orders are closed
${SERVER_USAGE}`,

  async run([what = "", ...args]) {
    if (what === "list") return list(args);
    if (what === "start") return start(args);
    if (what === "abort") return abort(args);
    const command = COMMANDS.find((each) => each === what);
    if (!command)
      throw new UsageError(`expected start, list, ${COMMANDS.join(", ")}, abort, found "${what}"`);
    const { values, positionals } = parse(args, SERVER_OPTIONS, ["ROLLOUT"]);
    const management = managementOf(values);
    show(await management[command](await idOf(management, positionals[0]!)), values.json);
    return 0;
  },
};
