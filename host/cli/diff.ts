import {
  differenceMeter,
  firstParting,
  markUndone,
  type Place,
  type TensorDifference,
} from "../compiler/verify/diff.ts";
import { elements, ModelError } from "../ir/graph.ts";
import { type Sample, splitRow } from "../ops/border.ts";
import { plain, plainJson, plainLines } from "../plain.ts";
import { compareReports } from "../report/compare.ts";
import { openRecord } from "../report/record.ts";
import { readSamplesOf } from "../runtime/data/index.ts";
import { integer, table } from "../table.ts";
import { openSide, type Side } from "./diff_side.ts";
import { ENGINE_NAMES, limitsOption, TIME_LIMIT_OPTION } from "./engines.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print } from "./output.ts";

/** Rows that are computed at a time: all their tensors are kept until they have been compared. */
const BATCH = 64;
/** The signal-to-noise ratio, in decibels, of an int8 model that is still good against its float model. */
const FLOAT_TOLERANCE = 20;

interface Row {
  /** From 1. */
  readonly number: number;
  readonly sample: Sample;
}

interface Difference {
  readonly rows: number;
  /** Decibels; where there is none, every value counts. */
  readonly tolerance: number | undefined;
  readonly layers: readonly TensorDifference[];
  readonly first: TensorDifference | undefined;
}

/** Columns are known by name where either side knows their names. */
function readRows(file: string, a: Side, b: Side, only: string | undefined): Row[] {
  const sizes = sizesOf(a);
  const named = a.inputInfos.some(({ features }) => features) ? a : b;
  const infos = a.inputInfos.map((info, i) => {
    const { features } = named.inputInfos[i] ?? info;
    return { ...info, ...(features && { features }) };
  });
  const { rows } = readSamplesOf(file, infos);
  const all = rows.map((row, i) => ({ number: i + 1, sample: splitRow(row, sizes) }));
  if (only === undefined) return all;
  const found = all[wholeNumber("--row", only, 1) - 1];
  if (!found) throw new UsageError(`--row: expected 1 to ${all.length}, found ${only}`);
  return [found];
}

function parseTolerance(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 160))
    throw new UsageError(`--tolerance: expected decibels from 0 to 160, found "${text}"`);
  return value;
}

const hasFloats = ({ tensors }: Side): boolean =>
  [...tensors.values()].some(({ dtype }) => dtype === "float32");

/** Whether two models compute tensors of the same shapes in the same order, so that only names may differ. */
function isAlike(a: Side, b: Side): boolean {
  const shapes = ({ tensors }: Side): string =>
    JSON.stringify([...tensors.values()].map(({ shape }) => shape));
  return shapes(a) === shapes(b);
}

/**
 * Tensors of one name are one. Where two models call them differently, they go by their places: all of them in
 * models that are alike, otherwise inputs and outputs.
 */
function matchTensors(a: Side, b: Side): (readonly [a: string, b: string])[] {
  if (a.outputs.length !== b.outputs.length)
    throw new ModelError(
      `${b.file}: expected ${a.outputs.length} outputs as in ${a.file}, found ${b.outputs.length}`,
    );
  const [from, to] = isAlike(a, b)
    ? [[...a.tensors.keys()], [...b.tensors.keys()]]
    : [
        [...a.inputs, ...a.outputs],
        [...b.inputs, ...b.outputs],
      ];
  const places = new Map(from.map((name, i) => [name, to[i]] as const));
  return [...a.tensors.keys()].flatMap((name) => {
    const other = b.tensors.has(name) ? name : places.get(name);
    return other === undefined ? [] : [[name, other] as const];
  });
}

/** Elements of each input. */
const sizesOf = ({ inputs, tensors }: Side): number[] =>
  inputs.map((name) => elements(tensors.get(name)!.shape));

function checkInputs(a: Side, b: Side): void {
  const [expected, found] = [sizesOf(a).join(" and "), sizesOf(b).join(" and ")];
  if (expected !== found)
    throw new ModelError(`${b.file}: expected inputs of ${expected} values as in ${a.file}, found ${found}`);
}

async function compare(
  a: Side,
  b: Side,
  rows: readonly Row[],
  tolerance: number | undefined,
): Promise<Difference> {
  const meters = matchTensors(a, b).map(([name, other]) => ({
    name,
    other,
    meter: differenceMeter(a.layerOf(name), a.tensors.get(name)!, b.tensors.get(other)!),
  }));
  // States begin anew with every run.
  const size = a.hasStates || b.hasStates ? rows.length : BATCH;
  for (let start = 0; start < rows.length; start += size) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Krow ${start + 1} of ${rows.length} ...`);
    const batch = rows.slice(start, start + size);
    const samples = batch.map(({ sample }) => sample);
    const [valuesA, valuesB] = [await a.run(samples), await b.run(samples)];
    for (const { name, other, meter } of meters)
      batch.forEach(({ number }, i) => {
        meter.add(number, valuesA[i]!.get(name)!, valuesB[i]!.get(other)!);
      });
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const results = meters.map(({ meter }) => meter.result());
  const layers = tolerance === undefined ? results : markUndone(results, tolerance, a.readersOf);
  return { rows: rows.length, tolerance, layers, first: firstParting(layers, tolerance) };
}

const short = (value: number): number => Number(value.toPrecision(6));
/** Digits that tell any two numbers of float32 apart. */
const exact = (value: number): string => String(Number(value.toPrecision(9)));
const decibels = (value: number): string => `${value.toFixed(1)} dB`;

function placeTable({ first }: TensorDifference): string {
  const row = ({ row: number, position, a, b }: Place) => [
    number,
    `[${position.join(", ")}]`,
    exact(a),
    exact(b),
  ];
  return table(first.map(row), { head: ["row", "position", "A", "B"], align: ["r", "l", "r", "r"] });
}

const typeText = ({ types: [a, b], shape }: TensorDifference): string =>
  `${a === b ? a : `${a} and ${b}`} ${shape.join("x")}`;

function layerRows({ layers, first }: Difference): string {
  const rows = layers.map((layer) => [
    layer === first ? ">" : layer.undone ? "~" : "",
    layer.layer,
    layer.tensor,
    typeText(layer),
    layer.differing,
    layer.otherShape ? "another shape" : String(short(layer.maxDifference)),
    decibels(layer.sqnr),
  ]);
  const head = ["", "layer", "tensor", "type", "differing", "greatest", "SQNR"];
  return table(rows, { head, align: ["l", "l", "l", "l", "r", "r", "r"] });
}

/** How the first tensor that parts is not the same. */
function partingLines(first: TensorDifference): string[] {
  const where = `they part in tensor ${first.tensor} of layer ${first.layer} (${typeText(first)})`;
  if (first.otherShape) return [`${where}: B has the shape ${first.otherShape.join("x")}`];
  const unit = first.integers ? "" : " in real values";
  return [
    `${where}: ${integer(first.differing)} of ${integer(first.values)} values differ, by ${short(first.maxDifference)} at most${unit}, ${decibels(first.sqnr)}`,
    placeTable(first),
  ];
}

function verdict({ rows, tolerance, layers, first }: Difference, same: boolean): string[] {
  const on = `on ${integer(rows)} row${rows === 1 ? "" : "s"}`;
  if (first) return partingLines(first);
  if (tolerance === undefined)
    return [
      `equal ${on}: ${same ? "the same module; " : ""}all values of ${layers.length} tensor${layers.length === 1 ? "" : "s"}`,
    ];
  const counted = layers.filter(({ undone }) => !undone);
  const worst = counted.reduce((low, layer) => (layer.sqnr < low.sqnr ? layer : low));
  return [
    `alike ${on}: no tensor is below ${decibels(tolerance)}; the worst is ${worst.tensor} with ${decibels(worst.sqnr)}`,
  ];
}

const isSameModule = (a: Side, b: Side): boolean =>
  a.module !== undefined && b.module !== undefined && Buffer.from(a.module).equals(b.module);

const UNDONE =
  "~ is below the tolerance, but what is computed from it is not: channels that were scaled look so";

function textOf(a: Side, b: Side, found: Difference): string {
  const borders = [a, b].filter(({ bordersOnly }) => bordersOnly).map(({ file }) => file);
  return [
    plain(`A  ${a.file} on ${a.engine}`),
    plain(`B  ${b.file} on ${b.engine}`),
    ...borders.map((file) =>
      plain(`no model.graph.json beside ${file}: only inputs and outputs are compared`),
    ),
    // Lines of tables have been made plain already.
    ...verdict(found, isSameModule(a, b)).map(plainLines),
    ...(found.first || found.tolerance !== undefined ? ["", layerRows(found)] : []),
    ...(found.layers.some(({ undone }) => undone) ? ["", UNDONE] : []),
  ].join("\n");
}

function jsonOf(a: Side, b: Side, { rows, tolerance, layers, first }: Difference): string {
  const side = ({ file, engine, bordersOnly }: Side) => ({ file, engine, bordersOnly });
  return plainJson({
    equal: first === undefined,
    rows,
    ...(tolerance !== undefined && { tolerance }),
    a: side(a),
    b: side(b),
    ...(first && { first: first.tensor }),
    layers,
  });
}

/** Figures of two builds beside each other. Throws ModelError where one has no record. */
function metricsText(a: string, b: string, asJson: boolean): string {
  const found = compareReports(openRecord(a), openRecord(b));
  if (asJson) return plainJson(found);
  const digits = (value: number | undefined): string => (value === undefined ? "" : String(short(value)));
  const rows = found.map((each) => {
    const { change } = each;
    const sign = change !== undefined && change > 0 ? "+" : "";
    return [plain(each.metric), digits(each.a), digits(each.b), sign + digits(change)];
  });
  return table(rows, { head: ["figure", "A", "B", "B - A"], align: ["l", "r", "r", "r"] });
}

export const diffCommand: Command = {
  name: "diff",
  summary: "find the first layer in which two modules, models or engines part",
  usage: `thimble diff A B --input FILE [--row N] [--tolerance DB] [--json]
             [--time-limit SECONDS=60]
thimble diff --metrics A B [--json]

A and B are FILE or FILE@ENGINE: a module (.wasm, .img) on an engine (${ENGINE_NAMES.join(", ")};
default: v8), or a model (.tflite, .onnx), which the reference interpreter runs as it is. The input holds real values, as for thimble run.
Layers are compared in order by the names of their tensors; those of a module come from model.graph.json beside
it, built again with every layer as an output. Ends with status 0 where both are equal and 1 where they part.
  --metrics    compares figures instead: size, memory, speed, and where they were built with --evaluate how good they are, in
               all and by class. A and B are folders of thimble build, or modules or images with report.json beside them
  --row        only this row of the input, from 1
  --tolerance  part only where a tensor's signal to noise is below so many decibels; of a float model against
               integers ${FLOAT_TOLERANCE} is the default, otherwise every value has to be the same
  --time-limit  the longest that one inference may take in an engine that runs modules`,

  async run(args) {
    const { values, positionals } = parse(
      args,
      {
        input: { type: "string" },
        row: { type: "string" },
        tolerance: { type: "string" },
        json: { type: "boolean" },
        metrics: { type: "boolean" },
        ...TIME_LIMIT_OPTION,
      },
      ["A", "B"],
    );
    const { input, row, tolerance: given } = values;
    if (values.metrics) {
      print(metricsText(positionals[0]!, positionals[1]!, values.json ?? false));
      return 0;
    }
    if (input === undefined) throw new UsageError("expected --input FILE, found none");
    const asked = given === undefined ? undefined : parseTolerance(given);
    const limits = limitsOption(values["time-limit"]);
    const [a, b] = [await openSide(positionals[0]!, limits), await openSide(positionals[1]!, limits)];
    checkInputs(a, b);
    const tolerance = asked ?? (hasFloats(a) === hasFloats(b) ? undefined : FLOAT_TOLERANCE);
    const found = await compare(a, b, readRows(input, a, b, row), tolerance);
    print(values.json ? jsonOf(a, b, found) : textOf(a, b, found));
    return found.first ? 1 : 0;
  },
};
