import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { OBJECTIVES } from "../compiler/tune/tune.ts";
import type { EngineResult } from "../compiler/verify/ladder.ts";
import { boardHelp } from "../firmware/board_notes.ts";
import { BOARD_NAMES } from "../firmware/boards.ts";
import { openScratch } from "../firmware/toolchain.ts";
import { findWasm3Cli, runCliSelfTest } from "../firmware/wasm3_build.ts";
import { ModelError, TASKS } from "../ir/graph.ts";
import { graphToJson } from "../ir/serialize.ts";
import { MAX_STRIDE } from "../ops/stride.ts";
import { type Build, type BuildOptions, build } from "../pipeline.ts";
import { plain, plainJson, plainLines } from "../plain.ts";
import { modelCard } from "../report/card.ts";
import { agreementText, evaluationText } from "../report/figures.ts";
import { reportOf } from "../report/json.ts";
import { readMeta } from "../report/meta.ts";
import { reportPage } from "../report/page.ts";
import { RECORD } from "../report/record.ts";
import type { Report } from "../report/schema.ts";
import { layerTable, time } from "../report/text.ts";
import { bytes, integer } from "../table.ts";
import { decisionOptions } from "./decision_options.ts";
import { writeAll } from "./files.ts";
import { bitsOf, nameList, unitsOf } from "./lists.ts";
import { boardOption, type Command, oneOf, parse, UsageError, wholeNumber } from "./options.ts";
import { print } from "./output.ts";
import { QUANTIZATION_OPTIONS, QUANTIZATION_USAGE, quantizationOptions } from "./quantization_options.ts";
import { readSigning, signModule } from "./sign.ts";

const OPTIONS = {
  output: { type: "string", short: "o" },
  frontend: { type: "string" },
  stride: { type: "string" },
  streaming: { type: "boolean" },
  smooth: { type: "string" },
  event: { type: "string" },
  ...QUANTIZATION_OPTIONS,
  name: { type: "string" },
  version: { type: "string" },
  "max-size": { type: "string" },
  fit: { type: "string" },
  ram: { type: "string" },
  instructions: { type: "string" },
  bits: { type: "string" },
  "time-limit": { type: "string" },
  board: { type: "string" },
  optimize: { type: "string" },
  tune: { type: "string" },
  "self-test": { type: "boolean" },
  monitor: { type: "boolean" },
  "monitor-every": { type: "string" },
  check: { type: "boolean" },
  dump: { type: "string" },
  report: { type: "string" },
  evaluate: { type: "string" },
  task: { type: "string" },
  label: { type: "string" },
  labels: { type: "string" },
  units: { type: "string" },
  threshold: { type: "string" },
  "max-accuracy-drop": { type: "string" },
  meta: { type: "string", multiple: true },
  key: { type: "string" },
  "security-counter": { type: "string" },
  json: { type: "boolean" },
} as const;

function finiteNumber(option: string, text: string, least = Number.NEGATIVE_INFINITY): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  const expected = least === 0 ? "a number of at least 0" : "a number";
  throw new UsageError(`${option}: expected ${expected}, found "${text}"`);
}

/** The user's facts about the model's use. */
function useOptions({
  evaluate,
  task,
  label,
  labels,
  threshold,
  units,
}: ReturnType<typeof parse<typeof OPTIONS>>["values"]): Pick<
  BuildOptions,
  "evaluate" | "labelColumns" | "facts"
> {
  return {
    ...(evaluate !== undefined && { evaluate }),
    ...(label !== undefined && { labelColumns: nameList("--label", label) }),
    facts: {
      ...(task !== undefined && { task: oneOf("--task", task, TASKS) }),
      ...(labels !== undefined && { labels: nameList("--labels", labels) }),
      ...(threshold !== undefined && { threshold: finiteNumber("--threshold", threshold) }),
      ...(units !== undefined && { units: unitsOf(units) }),
    },
  };
}

/** Only behind a front-end are there inferences without the network. */
function strideOf(text: string, frontend: string | undefined): number {
  if (frontend === undefined) throw new UsageError("--stride: expected --frontend beside it, found none");
  const stride = wholeNumber("--stride", text, 1);
  if (stride > MAX_STRIDE)
    throw new UsageError(`--stride: expected a whole number from 1 to ${MAX_STRIDE}, found "${text}"`);
  return stride;
}

const TUNE_BY = ["model", "measure"] as const;

function buildOptions(
  model: string,
  values: ReturnType<typeof parse<typeof OPTIONS>>["values"],
): BuildOptions {
  const { name, version } = values;
  if (version !== undefined && !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new UsageError(`--version: expected X.Y.Z, found "${version}"`);
  }
  if (name !== undefined && !/^[\w.-]{1,64}$/.test(name)) {
    throw new UsageError(`--name: expected up to 64 letters, digits, ".", "_" or "-", found "${name}"`);
  }
  for (const each of ["ram", "instructions"] as const)
    if (values[each] !== undefined && values.fit === undefined)
      throw new UsageError(`--${each}: expected --fit beside it, found none`);
  const dump = values.dump;
  if (values.streaming && values.frontend === undefined)
    throw new UsageError("--streaming: expected --frontend beside it, found none");
  const decisions = decisionOptions(values);
  if (decisions && (values.monitor || values["monitor-every"] !== undefined))
    throw new UsageError("--smooth, --event: expected no --monitor beside them, found one");
  return {
    model,
    ...quantizationOptions(values),
    ...useOptions(values),
    ...(values.frontend !== undefined && { frontend: values.frontend }),
    ...(values.stride !== undefined && { stride: strideOf(values.stride, values.frontend) }),
    ...(values.streaming && { streaming: true }),
    ...(decisions && { decisions }),
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(values["time-limit"] !== undefined && {
      timeLimit: wholeNumber("--time-limit", values["time-limit"], 1),
    }),
    ...(values.fit !== undefined && { fit: wholeNumber("--fit", values.fit, 1) }),
    ...(values.ram !== undefined && { fitRam: wholeNumber("--ram", values.ram, 1) }),
    ...(values.instructions !== undefined && {
      fitInstructions: wholeNumber("--instructions", values.instructions, 1),
    }),
    ...(values.bits !== undefined && { bits: bitsOf(values.bits) }),
    ...(values["max-size"] !== undefined && { maxSize: wholeNumber("--max-size", values["max-size"], 1) }),
    ...(values.board !== undefined && { board: boardOption(values.board) }),
    ...(values.optimize !== undefined && { optimize: oneOf("--optimize", values.optimize, OBJECTIVES) }),
    ...(values.tune !== undefined && { tune: oneOf("--tune", values.tune, TUNE_BY) }),
    ...(values["self-test"] && { selfTest: true }),
    ...(values.monitor && { monitor: {} }),
    ...(values["monitor-every"] !== undefined && { monitor: monitorOptions(values["monitor-every"]) }),
    ...(values.check && { check: true }),
    ...(dump !== undefined && { onDump: (file: string, text: string) => dumpTo(dump, file, text) }),
    onStage: showProgress,
  };
}

function monitorOptions(every: string): { every: number } {
  const number = wholeNumber("--monitor-every", every, 1);
  if (number > 65535)
    throw new UsageError(`--monitor-every: expected a whole number up to 65535, found "${every}"`);
  return { every: number };
}

function dumpTo(folder: string, file: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), plainLines(text));
}

/** One line that is rewritten, and only where somebody watches. */
function showProgress(stage: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${stage} ...`);
}

const clearProgress = (): void => {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
};

function engineLine({ engine, availability }: EngineResult): string {
  if (availability.available) return `${engine}: equal (${availability.version})`;
  return `${engine}: missing: ${availability.reason}; install: ${availability.install}`;
}

/** Time and RAM on the board, and a line for each limit that is exceeded. */
function deviceLines({ tuning }: Report): string[] {
  const { board, instructions, ramBytes, stackBytes } = tuning;
  const [used, other, without] = board.nativeKernels
    ? (["native", "portable", "without native kernels"] as const)
    : (["portable", "native", "with native kernels"] as const);
  const took = `${integer(instructions[used])} instructions, ${integer(instructions[other])} ${without}`;
  const ram = `${integer(ramBytes[used])} B, ${integer(ramBytes[other])} B ${without}`;
  const stack = `at most ${integer(stackBytes[used])} B, ${integer(stackBytes[other])} B ${without}`;
  return [
    `  speed   about ${time(tuning.milliseconds)} an inference on ${board.name}: ${took} (${tuning.costs})`,
    `  device  about ${ram}, of ${integer(ramBytes.limit)} B for linear memory, wasm3 and stacks`,
    `  stack   ${stack}, of ${integer(stackBytes.limit)} B that a task has for it`,
    ...tuning.warnings.map((warning) => `  warning ${plain(warning)}`),
  ];
}

const quantizationLines = ({ quantization }: Report): string[] => [
  ...(quantization?.steps ?? []).map((step) => `  quant   ${plain(step)}`),
  ...(quantization?.warnings ?? []).map((warning) => `  warning ${plain(warning)}`),
];

/** Bytes before and after, and how the layers are stored, by what that costs. */
function fitLines({ fit }: Report): string[] {
  if (!fit) return [];
  const narrow = fit.layers.filter(({ chosen }) => chosen.bits < 8);
  if (narrow.length === 0) return [`  fit     ${bytes(fit.bytesAfter)}: no weights of four bits are needed`];
  const line = `  fit     ${bytes(fit.bytesAfter)} instead of ${bytes(fit.bytesBefore)}: ${narrow.length} of ${fit.layers.length} layers have weights of four bits, fitted to ${integer(fit.samples)} samples`;
  const rows = narrow.toSorted((a, b) => b.chosen.noise - a.chosen.noise);
  return [
    line,
    ...rows.map(({ layer, chosen, weights }) => {
      const rank = chosen.rank === undefined ? "" : `rank ${chosen.rank}, `;
      return `          ${plain(layer)}: ${rank}${integer(chosen.bytes)} B instead of ${integer(weights)}, noise ${chosen.noise.toPrecision(2)}`;
    }),
  ];
}

/** The summary that people see after a build. */
export function summary(report: Report, folder: string | undefined, signed = false): string {
  const { memory } = report;
  const lines = [
    `${plain(report.model.name)} ${report.model.version}: ${report.layers.length} layers, ${integer(report.macs)} multiply-accumulates`,
    `  module  ${bytes(report.moduleBytes)}: ${report.parts.map(({ part, bytes: n }) => `${part} ${integer(n)}`).join(", ")}`,
    `  RAM     ${bytes(memory.totalBytes)}: constants ${integer(memory.constantBytes)}, arena ${integer(memory.arenaBytes)} (lower bound ${integer(memory.arenaLowerBound)})`,
    ...deviceLines(report),
    `  proof   ${report.verification.vectors} vectors on the reference and ${report.verification.engines.map(engineLine).join("; ")}`,
  ];
  if (report.check)
    lines.push(
      `  check   ${report.check.implementation} says the same on ${report.check.rows} rows, ${report.check.edges} of them edges`,
    );
  if (report.floatAgreement) lines.push(`  float   ${agreementText(report.floatAgreement, report.task)}`);
  lines.push(...fitLines(report), ...quantizationLines(report));
  if (report.evaluation) lines.push(`  labels  ${plain(evaluationText(report.evaluation))}`);
  if (folder !== undefined)
    lines.push(
      `  written ${plain(join(folder, "model.wasm"))}, model.ts, model.graph.json, report.json${signed ? ", model.img" : ""}${report.meta ? ", MODEL_CARD.md" : ""}`,
    );
  return lines.join("\n");
}

/** The plain wasm3 command line is one more witness, where there is one and the module has a self-test. */
async function commandLineSelfTest(module: Uint8Array): Promise<number | undefined> {
  const commandLine = findWasm3Cli();
  if (commandLine === undefined) return undefined;
  const { folder, guard, done } = openScratch(join(tmpdir(), "thimble-"));
  try {
    const file = join(folder, "model.wasm");
    writeFileSync(file, module);
    return await runCliSelfTest(commandLine, file, guard);
  } finally {
    done();
  }
}

/** Throws ModelError where more was lost than the user allows: in points, or percent of the range of values. */
function checkDrop({ evaluation, agreement }: Build, most: number): void {
  const loss = evaluation?.loss ?? agreement?.loss;
  if (loss === undefined)
    throw new ModelError(
      "--max-accuracy-drop: expected a float model with --calibration or --evaluate, found nothing to compare with",
    );
  if (loss <= most) return;
  const where = evaluation ? evaluation.file : "the calibration samples";
  throw new ModelError(
    `accuracy: expected a drop of at most ${most} (--max-accuracy-drop), found ${Number(loss.toPrecision(3))} on ${where}`,
  );
}

export const buildCommand: Command = {
  name: "build",
  summary: "turn a trained model into a verified module",
  usage: `thimble build MODEL [-o DIR] [--calibration DATA] [--name N] [--version X.Y.Z]
              [--calibrate auto|minmax|percentile|mse|entropy] [--precision auto|int8|int16]
              [--rounding adaptive|nearest] [--no-equalize] [--no-bias-correction] [--image-range LOW,HIGH]
              [--board BOARD=esp32-c3] [--optimize balanced|size|speed] [--tune model|measure]
              [--max-size BYTES=65536] [--fit BYTES [--ram BYTES] [--instructions N]] [--bits LAYER=4|8,...] [--time-limit SECONDS=600] [--self-test] [--check]
              [--monitor | --monitor-every N]
              [--key KEY.pem [--security-counter N=0]] [--meta FILE.json|KEY=VALUE]...
              [--report FILE.html] [--evaluate FILE] [--max-accuracy-drop POINTS] [--dump DIR] [--json]
              [--frontend FILE.json|FILE.tflite [--stride N] [--streaming]] [--smooth mean:N]
              [--event threshold:NUMBER[,n-of-m:N/M][,hold:N][,suppress:N]] [--task ${TASKS.join("|")}]
              [--label NAME[,NAME...]] [--labels NAME,NAME,...] [--threshold NUMBER] [--units NAME=UNIT,...]

MODEL is a .tflite, .onnx, .h5 or .keras file. Float models become integer ones, for which they need --calibration.
DIR (default: build/NAME) receives model.wasm, model.ts (the AssemblyScript), model.graph.json (for the
reference interpreter) and report.json.
${QUANTIZATION_USAGE}
  --frontend   a .json file with the name and the parameters of a front-end (host/compiler/import/frontends/README.md), or a
               .tflite file of integers, whose one output is MODEL's input, or the part of it by which each call moves on:
               the module takes what that takes, as samples of sound. Samples and figures stay those of MODEL
  --stride     the network runs once in N inferences, the first of them included; in the others the module takes its
               samples and brings nothing new (invoke gives 1)
  --streaming  convolutions and poolings over time compute what is new of the window alone, and keep what they see of the
               rest: the bytes are those of the whole window. Refused by name where a layer pads its window behind, or
               before where columns that this changes are read later, or where
               its stride over time divides no number of new columns (--stride 2 gives two each time)
  --smooth     the model's scores are the mean of the last N ones; N is a number of the network's inferences, or behind a
               front-end a time such as 800ms
  --event      an output before the others says events by label, and an empty one where there is none: of a class whose score
               is above the threshold (threshold:yes=0.8/no=0.7 gives each class its own, and others are no events) in N of
               the last M inferences. It is said in \`hold\` inferences (1), and after its first none begins in \`suppress\`
               ones (0); both may be times. Figures stay those of the scores without either
  --self-test  adds an export self_test(): i32 that any wasm engine can call; 0 = every vector right
  --monitor    adds bins at quantiles of the calibration samples: devices count into them what they see, and their reports
               tell where that has changed. Values of as many inferences are looked at as takes 2 % of the time, or with
               --monitor-every of one of N
  --check      runs ONNX Runtime (package onnxruntime-node) beside the imported model, on the samples and at the borders
               of its decisions, and refuses to write where they differ
  --meta       what is known of the model: key=value, metrics.NAME=NUMBER, or a JSON file with such keys, as data set, metrics,
               owner, revision, licence, libraries, intended_use; may be repeated. It is kept in report.json, not in the bytes
               of devices, and with MODEL_CARD.md; thimble inspect and thimble predict --listen show it
  --key        also writes model.img, the signed image of the module, as thimble sign does
  --report     also writes a page with charts of accuracy, noise by layer, latency, size and memory
  --evaluate   samples as for --calibration, with the right answers: figures of the task for the float model and for the
               module. Columns are matched by name where the calibration table or the model names them
  --max-accuracy-drop  ends with status 1, and writes nothing, where more is lost: points of accuracy, or percent of the
               range of values; on the file of --evaluate, or on the calibration samples
  --task       what the model is for, where its file does not tell
  --label      the columns, or the array of an .npz, that hold the right answers; default: label, class, target or y
  --labels     the classes in the order of the model's outputs, or a file with a line for each; of a detector with one
               score, what it means up to the threshold and above it
  --threshold  where a detector, or a classifier of two classes, decides: part of the module; of an autoencoder, the
               mean squared error above which a sample is an anomaly
  --units      what inputs, outputs or features are measured in, by their names, or a file with a line for each
  --dump DIR   writes what every stage made as text
  --max-size   refuses a larger module
  --fit        makes the module fit so many bytes: weights of four bits in the layers where that costs least, coded for
               the calibration samples. Three quarters of these are fitted to, the rest judge, unless --evaluate does
  --ram, --instructions  what --fit keeps as well: RAM in all and instructions of one inference, as predicted for the board
  --bits       bits of the weights of layers by name, whatever --fit would choose
  --time-limit  the longest that the build may take, in seconds of processor time
  --board      what the module is to run on: ${BOARD_NAMES.join(", ")}, or a .json file with the
               fields of such a profile (host/firmware/boards.ts); its RAM and flash are the tuner's limits
  --optimize   the smallest module, the fastest, or (balanced) the fastest whose bytes are worth it
  --tune       costs of layers from a model of the kernels, or measured in QEMU (slow; remembered in build/tune)

Boards, none of them tried as hardware:
${boardHelp()}`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["MODEL"]);
    const options = buildOptions(positionals[0]!, values);
    const drop = values["max-accuracy-drop"];
    const most = drop === undefined ? undefined : finiteNumber("--max-accuracy-drop", drop, 0);
    // Before the work, so that a wrong key does not cost a build.
    const signing = readSigning(values);
    const meta = values.meta && readMeta(values.meta);
    const result = await build(options).finally(clearProgress);
    if (most !== undefined) checkDrop(result, most);
    const folder = values.output ?? join("build", result.metadata.model.name);
    const status = values["self-test"] ? await commandLineSelfTest(result.module) : undefined;
    if (status) throw new ModelError(`wasm3 --func self_test: expected 0, found ${status}`);
    const report = {
      ...reportOf(result),
      ...(status === 0 && { wasm3CommandLine: "self_test returned 0" }),
      ...(meta && { meta }),
    };
    const { name: id, version } = result.metadata.model;
    writeAll(folder, {
      "model.wasm": result.module,
      ...(signing && { "model.img": signModule(result.module, { ...signing, id, version }) }),
      "model.ts": result.assembly,
      "model.graph.json": graphToJson(result.graph),
      [RECORD]: `${plainJson(report)}\n`,
      ...(meta && { "MODEL_CARD.md": modelCard(report, meta) }),
    });
    if (values.report !== undefined)
      writeAll(dirname(values.report), { [basename(values.report)]: reportPage(report) });
    const page = values.report === undefined ? "" : `\n  page    ${values.report}`;
    const text = `${summary(report, folder, signing !== undefined)}${page}\n\n${layerTable(report.layers, report.tuning.board)}`;
    print(values.json ? plainJson(report) : text);
  },
};
