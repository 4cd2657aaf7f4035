import { statSync } from "node:fs";
import { isImage, parseImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { readMetadata } from "../module/metadata.ts";
import { openArchive } from "../predict/log/archive.ts";
import { type Change, type ModuleReplay, type ReplaySummary, replay } from "../predict/log/replay.ts";
import { archivesOf } from "./archives.ts";
import { readBytes } from "./files.ts";
import { type Command, parse, UsageError } from "./options.ts";
import { print, printJson } from "./output.ts";

const OPTIONS = {
  archive: { type: "string", multiple: true },
  at: { type: "string" },
  with: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Faults and changes that are told one by one. */
const TOLD = 20;

/** The training that a module comes from, as its metadata name it: the second step of two from a prediction. */
function originOf({ file }: ModuleReplay): {
  readonly name?: string;
  readonly version?: string;
  readonly sourceSha256?: string;
} {
  const bytes = readBytes(file, "a module or an image");
  try {
    const { model, source } = readMetadata(isImage(bytes) ? parseImage(bytes).body : bytes);
    return {
      name: model.name,
      version: model.version,
      sourceSha256: Buffer.from(source.sha256).toString("hex"),
    };
  } catch (error) {
    if (error instanceof ModelError) return {};
    throw error;
  }
}

function moduleLine(each: ModuleReplay): string {
  const { name, version, sourceSha256 } = originOf(each);
  const origin = sourceSha256 === undefined ? "" : `, made of the model file ${sourceSha256.slice(0, 16)}...`;
  return `  ${each.module.slice(0, 16)}... ${name ?? "a module"} ${version ?? ""}: ${each.predictions} predictions (${each.file}${origin})`;
}

const label = ({ label: name, values }: Change["was"]): string => name ?? `[${values.join(", ")}]`;

function printSummary(summary: ReplaySummary, changes: readonly Change[]): void {
  const { predictions, equal, faults, modules, decisionsChanged, valuesChanged } = summary;
  const bad = faults === 0 ? "" : `, ${faults} faults`;
  const lines = [
    `${predictions} predictions computed again: ${equal} equal byte for byte${bad}`,
    ...modules.map(moduleLine),
  ];
  if (decisionsChanged !== undefined) {
    lines.push(`with the other module: ${decisionsChanged} decisions and ${valuesChanged} answers differ`);
    for (const { line, time, was, is } of changes)
      lines.push(`  line ${line} (${time}): ${label(was)} would have been ${label(is)}`);
  }
  print(lines.join("\n"));
}

export const replayCommand: Command = {
  name: "replay",
  summary: "compute logged predictions again, and prove each byte",
  usage: `thimble replay LOG [--archive DIR ...] [--at TIME] [--with MODULE] [--json]

LOG has a prediction a line, as thimble predict --log writes them: the module's hash, input, output and time, and the line's own
SHA-256. Each is computed again by the module that made it, with the module's own kernels. A line or a module that was changed,
by one bit even, is named, and the status is 1.
  --archive  the data of an update server, or a folder of images or modules; default ~/.thimble/server
  --at       only predictions whose time begins so, such as 2030-01-31T12:30
  --with     a module or an image: tells which decisions it would have made otherwise`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["LOG"]);
    const log = positionals[0]!;
    if (!statSync(log).isFile()) throw new UsageError(`${log}: expected a log, found no file`);
    const archive = openArchive(archivesOf(values.archive));
    const faults: { line: number; fault: string }[] = [];
    const changes: Change[] = [];
    const summary = await replay({
      log,
      archive,
      ...(values.at !== undefined && { at: values.at }),
      ...(values.with !== undefined && {
        other: readBytes(values.with, "a module (.wasm) or an image (.img)"),
      }),
      onFault: (line, fault) => faults.length < TOLD && faults.push({ line, fault }),
      onChange: (change) => changes.length < TOLD && changes.push(change),
    });
    const status = summary.faults > 0 ? 1 : 0;
    if (values.json) {
      const modules = summary.modules.map((each) => ({ ...each, ...originOf(each) }));
      printJson({ ...summary, modules, firstFaults: faults, firstChanges: changes }, 0);
      return status;
    }
    printSummary(summary, changes);
    for (const { line, fault } of faults) process.stderr.write(`thimble: ${log}:${line}: ${fault}\n`);
    if (summary.faults > faults.length)
      process.stderr.write(`thimble: ${log}: and ${summary.faults - faults.length} more faults\n`);
    return status;
  },
};
