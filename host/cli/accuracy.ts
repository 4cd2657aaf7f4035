import { existsSync } from "node:fs";
import { type SampleClient, sampleClient, type VersionAccuracy } from "../fleet/server/sample_client.ts";
import { type Tally, tallyText } from "../fleet/telemetry/accuracy.ts";
import { openArchive } from "../predict/log/archive.ts";
import { type LabelledModule, labelledPredictions } from "../predict/log/labels.ts";
import { DataError } from "../runtime/data/dataset.ts";
import { table } from "../table.ts";
import { archivesOf } from "./archives.ts";
import { labelRows, warnOfLabels } from "./label_rows.ts";
import { type Command, parse, UsageError } from "./options.ts";
import { print, printJson } from "./output.ts";
import { addressOf, SERVER_OPTIONS, SERVER_USAGE } from "./server_options.ts";

const OPTIONS = {
  ...SERVER_OPTIONS,
  labels: { type: "string" },
  log: { type: "string", multiple: true },
  archive: { type: "string", multiple: true },
  send: { type: "boolean" },
} as const;
type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];

function clientOf(values: Values): SampleClient {
  const { isHawkbit, ...address } = addressOf(values);
  if (isHawkbit)
    throw new UsageError("--hawkbit: expected a thimble serve, which keeps labels, found a hawkBit");
  return sampleClient(address);
}

const warnOf = (unknown: readonly string[]): void =>
  warnOfLabels(
    "accuracy",
    unknown.map((name) => `"${name}"`),
  );

const chosenText = ({ labelled, right }: Tally): string => (labelled === 0 ? "" : `${right} of ${labelled}`);

function versionsText(versions: readonly VersionAccuracy[]): string {
  const head = ["model", "version", "hash", "accuracy (95 % confidence)", "of chosen samples"];
  const rows = versions.map(({ model, version, hash, accuracy }) => [
    model,
    version,
    hash.slice(0, 12),
    tallyText(accuracy),
    chosenText(accuracy.chosen),
  ]);
  return table(rows, { head });
}

async function ofServer(model: string, values: Values): Promise<void> {
  const labels = values.labels === undefined ? undefined : labelRows(values.labels);
  const wrong = [...(labels?.keys() ?? [])].find((name) => !/^[1-9]\d*$/.test(name));
  if (wrong !== undefined)
    throw new UsageError(`--labels: expected the number of a sample, or --log beside it, found "${wrong}"`);
  const client = clientOf(values);
  if (labels) {
    const all = [...labels].map(([name, label]) => ({ sample: Number(name), label }));
    warnOf(await client.label(await client.find(model), all));
  }
  const versions = await client.versions(model);
  const shown = versions.map(({ hash, model: name, version, accuracy }) => ({
    hash,
    model: name,
    version,
    accuracy,
  }));
  if (values.json) printJson(shown);
  else print(versionsText(versions));
}

const tallyOf = ({ predictions }: LabelledModule): Tally => ({
  labelled: predictions.length,
  right: predictions.filter(({ decided, label }) => decided === label).length,
});

async function send(client: SampleClient, modules: readonly LabelledModule[]): Promise<void> {
  const bare = modules.find(({ digest }) => digest === undefined);
  if (bare)
    throw new DataError(`${bare.file}: expected an image, by which a server knows it, found a bare module`);
  for (const { digest, predictions } of modules) warnOf(await client.label(digest!, predictions));
}

async function ofLogs(logs: readonly string[], values: Values): Promise<void> {
  if (values.labels === undefined) throw new UsageError("expected --labels FILE beside --log, found none");
  const gone = logs.find((log) => !existsSync(log));
  if (gone !== undefined) throw new UsageError(`--log ${gone}: expected a log, found no file`);
  const labels = labelRows(values.labels);
  const client = values.send ? clientOf(values) : undefined;
  const found = await labelledPredictions(logs, labels, openArchive(archivesOf(values.archive)));
  const { modules, missing } = found;
  if (modules.length === 0)
    throw new DataError(`${values.labels}: expected labels of lines of the log, found none of ${missing[0]}`);
  if (client) await send(client, modules);
  if (values.json) {
    const each = modules.map((module) => ({
      module: module.module,
      file: module.file,
      ...tallyOf(module),
    }));
    printJson({ modules: each, missing: missing.length }, 0);
    return;
  }
  const rows = modules.map((module) => [module.module.slice(0, 12), module.file, tallyText(tallyOf(module))]);
  print(table(rows, { head: ["module", "file", "accuracy (95 % confidence)"] }));
  if (missing.length > 0)
    process.stderr.write(
      `thimble accuracy: ${missing.length} labels are of no line of the log, such as "${missing[0]}"\n`,
    );
}

export const accuracyCommand: Command = {
  name: "accuracy",
  summary: "how often decisions were right, by labels that came later",
  usage: `thimble accuracy MODEL [--labels LABELS.csv] [--json]
thimble accuracy --log LOG [--log ...] --labels LABELS.csv [--archive DIR ...] [--send] [--json]

The first says it of each version that a server has labels of: MODEL is a name, or a hash. Samples that devices kept since they
were uncertain or outlying count apart, as they say nothing about the others. The second joins labels with what lines of a log
decided (thimble predict --log). Bounds are Wilson's, of 95 % confidence.
  --labels   rows of id,label: an id is the number of a sample (thimble samples pull); with --log the SHA-256 of a line, or
             SESSION:STEP of it. Without --log the server has them afterwards
  --archive  the data of an update server, or a folder of images or modules; default ~/.thimble/server
  --send     the server has these labels, too
${SERVER_USAGE}`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["..."]);
    if (values.log) {
      if (positionals.length > 0)
        throw new UsageError(`expected --log alone, found ${positionals.join(" ")} too`);
      await ofLogs(values.log, values);
      return 0;
    }
    const strange = (["archive", "send"] as const).find((name) => values[name] !== undefined);
    if (strange !== undefined) throw new UsageError(`--${strange}: expected --log beside it, found none`);
    const [model, ...more] = positionals;
    if (model === undefined) throw new UsageError("expected MODEL ..., found none");
    if (more.length > 0) throw new UsageError(`expected one MODEL, found ${more.join(" ")} too`);
    await ofServer(model, values);
    return 0;
  },
};
