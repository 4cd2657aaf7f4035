import { createHash } from "node:crypto";
import { partTotals, sizeParts } from "../compiler/compile/parts.ts";
import { isNativeExport } from "../compiler/plan/kernels.ts";
import { inferenceTime } from "../compiler/tune/tune.ts";
import { type BoardProfile, DEFAULT_BOARD } from "../firmware/boards.ts";
import { type ImageInfo, isImage, parseImage } from "../image/mcuboot.ts";
import { ModelError } from "../ir/graph.ts";
import { type Metadata, readMetadata, type TensorInfo } from "../module/metadata.ts";
import { nativeStackOf, stackBytes } from "../module/native_stack.ts";
import { readExports } from "../module/sections.ts";
import { checkSubset } from "../module/subset.ts";
import type { Decision } from "../ops/decision.ts";
import { plain } from "../plain.ts";
import { metaRows } from "../report/meta.ts";
import { recordBeside } from "../report/record.ts";
import { layerTable, time } from "../report/text.ts";
import { bytes, integer, table } from "../table.ts";
import { readBytes } from "./files.ts";
import { imageFields, imageText } from "./image_text.ts";
import { boardOption, type Command, parse } from "./options.ts";
import { print, printJson } from "./output.ts";

/** Reads a module of ours, or an image around one: well-formed, within the subset, with metadata. */
export function readModule(file: string): { module: Uint8Array; metadata: Metadata; image?: ImageInfo } {
  const contents = readBytes(file, "a module file");
  const image = isImage(contents) ? parseImage(contents) : undefined;
  const module = image?.body ?? contents;
  checkSubset(module);
  if (!WebAssembly.validate(new Uint8Array(module)))
    throw new ModelError("module: expected valid WebAssembly");
  return { module, metadata: readMetadata(module), ...(image && { image }) };
}

/** The board that the module was tuned to, and its cost there; nothing where the module does not say. */
function tuningOf({ tuning, layers }: Metadata, board: BoardProfile) {
  if (!tuning) return {};
  const total = (kind: 0 | 1): number => layers.reduce((sum, { cost }) => sum + (cost?.[kind] ?? 0), 0);
  const instructions = { native: total(0), portable: total(1) };
  return {
    tuning: {
      board: tuning.board,
      optimize: tuning.optimize,
      instructions,
      ramBytes: { native: tuning.ram[0], portable: tuning.ram[1] },
      on: { board: board.name, milliseconds: Number(inferenceTime(instructions, board).toPrecision(6)) },
    },
  };
}

/** Native stack in wasm3 on the board, at most. */
function stackOn(module: Uint8Array, board: BoardProfile) {
  const { native, portable } = nativeStackOf(module, isNativeExport);
  return {
    board: board.name,
    nativeBytes: stackBytes(native, board),
    portableBytes: stackBytes(portable, board),
    limitBytes: board.stackBytes,
  };
}

function inspect(module: Uint8Array, metadata: Metadata, board: BoardProfile) {
  const parts = sizeParts(module, metadata);
  const tensor = (info: TensorInfo) => ({ ...info, shape: [...info.shape] });
  return {
    model: metadata.model,
    source: { file: metadata.source.file, sha256: Buffer.from(metadata.source.sha256).toString("hex") },
    compiler: metadata.compiler,
    moduleBytes: module.length,
    parts: partTotals(parts),
    code: parts.filter(({ part }) => part === "code").map(({ name, bytes: n }) => ({ name, bytes: n })),
    kernels: readExports(module)
      .map(({ name }) => name)
      .filter((name) => name.startsWith("kernel.")),
    memory: {
      totalBytes: metadata.memory.total,
      constantBytes: metadata.memory.constants,
      arenaBytes: metadata.memory.arena,
      arenaLowerBound: metadata.memory.lowerBound,
    },
    ...(metadata.task && { task: metadata.task }),
    stack: stackOn(module, board),
    macs: metadata.layers.reduce((sum, layer) => sum + layer.macs, 0),
    inputs: metadata.inputs.map(tensor),
    outputs: metadata.outputs.map(tensor),
    layers: metadata.layers,
    ...tuningOf(metadata, board),
  };
}

const short = (value: number): string => String(Number(value.toPrecision(7)));

/** How an output decides, in words. */
const DECISIONS: Readonly<Record<Decision, string>> = {
  none: "",
  greatest: "the greatest decides",
  above: "decides by threshold",
  second: "the second decides by threshold",
  index: "is the number of a class",
  error: "decides by its difference to the input",
};

const tensorRow = (kind: string) => (info: TensorInfo) => [
  kind,
  info.name,
  `${info.dtype}[${info.shape.join("x")}]`,
  `scale ${short(info.scale)}`,
  `zero point ${info.zeroPoint}`,
  info.unit ?? "",
  [
    DECISIONS[info.decision ?? "none"],
    ...(info.threshold === undefined ? [] : [`threshold ${short(info.threshold)}`]),
    ...(info.labels ? [`labels ${info.labels.join(", ")}`] : []),
    ...(info.stream
      ? [`${info.stream.sampleRate} Hz, ${info.stream.channels} channels, hop ${info.stream.hop}`]
      : []),
  ]
    .filter((words) => words !== "")
    .join("; "),
];

/** More columns are in --json. */
const SHOWN_FEATURES = 32;

/** More edges are in --json. */
const SHOWN_EDGES = 3;

/** The bins that values of a feature are counted into. */
function binsText(edges: readonly number[] | null): string {
  if (!edges) return "";
  const more = edges.length > SHOWN_EDGES ? ", ..." : "";
  return `${edges.length + 1} between ${edges.slice(0, SHOWN_EDGES).map(short).join(", ")}${more}`;
}

/** A table of how each feature of an input is mapped before it is quantised. */
function featureTable({ name, shape, features, scaling, units }: TensorInfo): string[] {
  if (!features && !scaling && !units) return [];
  const count = shape.at(-1) ?? 1;
  const rows = Array.from({ length: Math.min(count, SHOWN_FEATURES) }, (_, i) => [
    `  ${features?.[i] ?? i}`,
    ...(units ? [units[i]!] : []),
    ...(scaling ? [short(scaling.offsets[i]!), short(scaling.factors[i]!)] : []),
    ...(scaling?.missing
      ? [scaling.missing[i] === null ? "its own integer" : short(scaling.missing[i]!)]
      : []),
    ...(scaling?.edges ? [binsText(scaling.edges[i]!)] : []),
  ]);
  const head = [
    `${name}, feature`,
    ...(units ? ["unit"] : []),
    ...(scaling ? ["offset", "factor"] : []),
    ...(scaling?.missing ? ["missing"] : []),
    ...(scaling?.edges ? ["bins"] : []),
  ];
  const more = count > rows.length ? [`  ... and ${integer(count - rows.length)} more (--json)`] : [];
  return ["", table(rows, { head }), ...more];
}

type Inspection = ReturnType<typeof inspect>;

function deviceLines({
  optimize,
  board,
  instructions,
  ramBytes,
  on,
}: NonNullable<Inspection["tuning"]>): string[] {
  const both = (of: typeof instructions, unit: string): string =>
    `${integer(of.native)}${unit} with native kernels, ${integer(of.portable)}${unit} without`;
  return [
    `speed   about ${time(on.milliseconds)} an inference on ${on.board}; instructions: ${both(instructions, "")}`,
    `device  about ${both(ramBytes, " B")} for linear memory, wasm3 and stacks`,
    plain(`tuned   ${optimize}, for ${board}`),
  ];
}

function text(info: Inspection, board: BoardProfile): string {
  const { memory, stack } = info;
  return [
    plain(
      `${info.model.name} ${info.model.version}, from ${info.source.file} (SHA-256 ${info.source.sha256.slice(0, 16)}...) by ${info.compiler}`,
    ),
    "",
    table([...info.inputs.map(tensorRow("input")), ...info.outputs.map(tensorRow("output"))]),
    ...info.inputs.flatMap(featureTable),
    "",
    layerTable(info.layers, board),
    "",
    `module  ${bytes(info.moduleBytes)}`,
    table(info.parts.map(({ part, bytes: n }) => [`  ${part}`, n])),
    table(info.code.map(({ name, bytes: n }) => [`  code: ${name}`, n])),
    `RAM     ${bytes(memory.totalBytes)}: constants ${integer(memory.constantBytes)}, arena ${integer(memory.arenaBytes)} (lower bound ${integer(memory.arenaLowerBound)})`,
    `stack   at most ${integer(stack.nativeBytes)} B with native kernels, ${integer(stack.portableBytes)} B without, of ${integer(stack.limitBytes)} B on ${stack.board}`,
    `work    ${integer(info.macs)} multiply-accumulates`,
    ...(info.tuning ? deviceLines(info.tuning) : []),
  ].join("\n");
}

export const inspectCommand: Command = {
  name: "inspect",
  summary: "show tensors, layers, kernels, and where a module's bytes are",
  usage: `thimble inspect FILE [--board BOARD=esp32-c3] [--json]

FILE is a module (.wasm) made by thimble build, or an image (.img) around one. Of an image the hash is checked;
thimble verify checks the signature. What was stated with thimble build --meta is shown where report.json lies beside FILE. Times are estimates for BOARD, as thimble build has it.`,

  async run(args) {
    const options = { json: { type: "boolean" }, board: { type: "string" } } as const;
    const { values, positionals } = parse(args, options, ["FILE"]);
    const board = values.board === undefined ? DEFAULT_BOARD : boardOption(values.board);
    const { module, metadata, image } = readModule(positionals[0]!);
    const hash = createHash("sha256").update(module).digest("hex");
    const meta = recordBeside(positionals[0]!, hash)?.meta;
    const info = {
      ...inspect(module, metadata, board),
      ...(meta && { meta }),
      ...(image && { image: imageFields(image) }),
    };
    if (values.json) printJson(info);
    else {
      const stated = meta
        ? ["", "stated (report.json)", table(metaRows(meta).map(([key, of]) => [`  ${key}`, of]))]
        : [];
      print([text(info, board), ...(image ? [imageText(image)] : []), ...stated].join("\n"));
    }
  },
};
