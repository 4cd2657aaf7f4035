import { serveHttp } from "../fleet/server/http.ts";
import { readPublicKey } from "../image/keys.ts";
import { isImage, verifyImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { type BatchSummary, predictFiles } from "../predict/batch/job.ts";
import { type Progress, progressLine } from "../predict/batch/progress.ts";
import { serveModels } from "../predict/server/models.ts";
import { predictionServer } from "../predict/server/server.ts";
import { readBytes } from "./files.ts";
import { listenError, untilAsked } from "./listening.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";
import { readPem } from "./sign.ts";

const OPTIONS = {
  input: { type: "string", multiple: true },
  output: { type: "string", short: "o" },
  key: { type: "string" },
  workers: { type: "string" },
  "bad-rows": { type: "string" },
  log: { type: "string" },
  listen: { type: "string" },
  "max-body": { type: "string" },
  "max-rows": { type: "string" },
  "max-connections": { type: "string" },
  quiet: { type: "boolean" },
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

/** Host and port of --listen. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65535)
    throw new UsageError(`--listen: expected HOST:PORT, found "${text}"`);
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** Milliseconds between two looks at the files. */
const LOOK_MS = 1000;

type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];

const atMost = (option: "max-body" | "max-rows" | "max-connections", values: Values): number | undefined => {
  const text = values[option];
  return text === undefined ? undefined : wholeNumber(`--${option}`, text, 1);
};

async function listen(files: readonly string[], values: Values): Promise<void> {
  const address = addressOf(values.listen!);
  const named = files.map((file) => {
    const [, name, path] = /^([^=/]+)=(.+)$/.exec(file) ?? [];
    return path === undefined ? { path: file } : { path, name: name! };
  });
  const { key } = values;
  const options = key === undefined ? {} : { key: readPublicKey(readPem(key), `--key ${key}`) };
  const models = await serveModels(named, options);
  const [most, rows] = [atMost("max-body", values), atMost("max-rows", values)];
  const inAll = atMost("max-connections", values) ?? 1024;
  const server = predictionServer({
    models,
    ...(most !== undefined && { bodyBytes: most }),
    ...(rows !== undefined && { rows }),
    ...(!values.quiet && { log: (line: string) => void process.stderr.write(`${line}\n`) }),
  });
  const http = await serveHttp(server, address, { inAll, perPeer: inAll }).catch((error: unknown) => {
    throw listenError(error, address, { host: "--listen", port: "--listen" });
  });
  const asked = untilAsked();
  const looks = setInterval(() => void server.refresh(), LOOK_MS);
  const served = models.all().map(({ name, version }) => `${name} ${version}`);
  if (values.json) printJson({ url: http.url, models: served }, 0);
  else print(`predicting ${served.join(", ")} at ${http.url}`);
  await asked;
  clearInterval(looks);
  await http.close();
}

export const predictCommand: Command = {
  name: "predict",
  summary: "predict the rows of files, or those of HTTP requests",
  usage: `thimble predict MODEL --input PATTERN [--input ...] -o DIR [--workers N=1] [--bad-rows FILE] [--log FILE] [--key PUB.pem] [--json]
thimble predict [NAME=]MODEL ... --listen HOST:PORT [--max-body BYTES=16777216] [--max-rows N=65536] [--max-connections N=1024]
                [--quiet] [--key PUB.pem] [--json]

MODEL is a module (.wasm) or an image (.img).
  --input     files of rows, a folder, or a pattern in quotes, such as 'data/**/*.csv': .csv, .tsv, .jsonl, .ndjson, .npy,
              .parquet. Columns are found by the names of the model's features; others go into the answers as they are
  -o          a folder for the answers, in the format of the input: number of the row, label, score, the value of each
              class, and the module's SHA-256. Files are read in parts, and each is written once, whole, under a name
              made of its rows and of the module: a run that was killed goes on, a repeated one has nothing to do
  --workers   threads
  --bad-rows  takes rows that can't be predicted, with the reasons, as JSON lines; without it the first of them ends the run
  --log       adds each prediction to a file of JSON lines, which thimble replay proves
  --key       MODEL has to be an image signed with this key
  --listen    a server of the Open Inference Protocol, version 2: POST /v2/models/NAME[/versions/VERSION]/infer with tensors in
              JSON or as bytes; /openapi.json describes all of it, /metrics is for Prometheus. NAME is the image's file or the
              folder of model.wasm, VERSION that of the image or the beginning of the module's SHA-256. A file that changes is
              loaded again within a second, and no request is lost. Put a proxy with TLS in front
  --quiet     no log; it is one JSON object a line on stderr, with the id of the request (X-Request-Id)`,

  async run(args) {
    const isServer = args.some((arg) => arg === "--listen" || arg.startsWith("--listen="));
    const { values, positionals } = parse(args, OPTIONS, isServer ? ["MODEL", "..."] : ["MODEL"]);
    if (values.listen !== undefined) {
      await listen(positionals, values);
      return 0;
    }
    if (!values.input) throw new UsageError("expected --input FILES or --listen HOST:PORT, found none");
    if (values.output === undefined) throw new UsageError("expected -o DIR, found none");
    try {
      const summary = await predictFiles({
        model: modelFile(positionals[0]!, values.key),
        inputs: values.input,
        out: values.output,
        workers: workersOf(values.workers),
        ...(values["bad-rows"] !== undefined && { badRows: values["bad-rows"] }),
        ...(values.log !== undefined && { log: values.log }),
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
