import { readPublicKey } from "../image/keys.ts";
import { isImage, verifyImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { type BatchSummary, predictFiles } from "../predict/batch/job.ts";
import { type Progress, progressLine } from "../predict/batch/progress.ts";
import { readBytes } from "./files.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";
import { readPem } from "./sign.ts";

const OPTIONS = {
  input: { type: "string", multiple: true },
  output: { type: "string", short: "o" },
  key: { type: "string" },
  workers: { type: "string" },
  "bad-rows": { type: "string" },
  json: { type: "boolean" },
} as const;

const MOST_WORKERS = 256;

/** The file of a model, signed with the key where there is one. Throws ModelError or ImageError. */
function modelFile(path: string, key: string | undefined): Uint8Array {
  const file = readBytes(path, "a module (.wasm) or an image (.img)");
  if (key === undefined) return file;
  if (!isImage(file)) throw new ModelError("expected an image (.img) signed with the key, found no image");
  verifyImage(file, [readPublicKey(readPem(key), `--key ${key}`)]);
  return file;
}

function workersOf(text: string | undefined): number {
  const workers = text === undefined ? 1 : wholeNumber("--workers", text, 1);
  if (workers > MOST_WORKERS)
    throw new UsageError(`--workers: expected at most ${MOST_WORKERS}, found ${workers}`);
  return workers;
}

function show(progress: Progress): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progressLine(progress)}`);
}

function printSummary({ parts, partsThere, rows, bad }: BatchSummary, out: string): void {
  const there = partsThere > 0 ? `, ${partsThere} there before` : "";
  const left = bad > 0 ? `, ${bad} bad` : "";
  print(`${rows} rows${left}: ${parts} parts written to ${out}${there}`);
}

export const predictCommand: Command = {
  name: "predict",
  summary: "predict the rows of files",
  usage: `thimble predict MODEL --input PATTERN [--input ...] -o DIR [--workers N=1] [--bad-rows FILE] [--key PUB.pem] [--json]

MODEL is a module (.wasm) or an image (.img).
  --input     files of rows, a folder, or a pattern in quotes, such as 'data/**/*.csv': .csv, .tsv, .jsonl, .ndjson, .npy,
              .parquet. Columns are found by the names of the model's features; others go into the answers as they are
  -o          a folder for the answers, in the format of the input: number of the row, label, score, the value of each
              class, and the module's SHA-256. Files are read in parts, and each is written once, whole, under a name
              made of its rows and of the module: a run that was killed goes on, a repeated one has nothing to do
  --workers   threads
  --bad-rows  takes rows that can't be predicted, with the reasons, as JSON lines; without it the first of them ends the run
  --key       MODEL has to be an image signed with this key`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["MODEL"]);
    if (!values.input) throw new UsageError("expected --input FILES, found none");
    if (values.output === undefined) throw new UsageError("expected -o DIR, found none");
    try {
      const summary = await predictFiles({
        model: modelFile(positionals[0]!, values.key),
        inputs: values.input,
        out: values.output,
        workers: workersOf(values.workers),
        ...(values["bad-rows"] !== undefined && { badRows: values["bad-rows"] }),
        onProgress: show,
      });
      if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
      if (values.json) printJson({ ...summary, out: values.output }, 0);
      else printSummary(summary, values.output);
    } catch (error) {
      if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
      throw error;
    }
    return 0;
  },
};
