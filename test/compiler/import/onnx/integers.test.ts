/** Inputs of integers: what ONNX Runtime computes with them, that they come in exactly, and what is refused. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TensorProto_DataType as DataType } from "onnx-buf";
import { predictGraph, predictModule } from "../../../../host/compiler/evaluate/predict.ts";
import { importModel, readSource } from "../../../../host/compiler/import/index.ts";
import { checkImport } from "../../../../host/compiler/verify/second.ts";
import { tensorOf } from "../../../../host/ir/graph.ts";
import { borderOf, quantizeToBytes, type Sample } from "../../../../host/ops/border.ts";
import { build } from "../../../../host/pipeline.ts";
import { wasm3 } from "../../../../host/runtime/engines/wasm3.ts";
import { scratchFolder } from "../../../support/folders.ts";
import {
  floatTensor,
  generator,
  int,
  int64Tensor,
  ints,
  ml,
  node,
  onnx,
  type Parts,
  refusal,
  type TensorInit,
  value,
} from "../../../support/onnx.ts";

const scratch = scratchFolder();
let count = 0;
function written(parts: Parts): string {
  const file = join(scratch, `model${count++}.onnx`);
  writeFileSync(file, onnx(parts));
  return file;
}

const random = generator(1);
/** Whole numbers from `min` to `max`. */
const whole = (length: number, min: number, max: number): Float32Array =>
  Float32Array.from({ length }, () =>
    Math.min(max, Math.floor(min + ((random() + 2) / 4) * (max - min + 1))),
  );

const single = (name: string, dataType: DataType, number: number): TensorInit => ({
  name,
  dims: [],
  dataType,
  int32Data: [number],
});
const weights = (name: string, depth: number, outputs: number): TensorInit =>
  floatTensor(
    name,
    [depth, outputs],
    Array.from({ length: depth * outputs }, () => random()),
  );
const toFloat = { to: int(DataType.FLOAT) };

const KINDS = [-300, 0, 7, 8, 260];
/** Categories as integers of two types and two columns of numbers, as skl2onnx writes a ColumnTransformer. */
const COLUMNS: Parts = {
  inputs: [
    value("age", ["N", 1], DataType.DOUBLE),
    value("kind", ["N", 2], DataType.INT64),
    value("grade", ["N", 1], DataType.INT32),
    value("flag", ["N", 1], DataType.BOOL),
  ],
  nodes: [
    node("Cast", ["age"], ["age_f"], toFloat),
    ml("OneHotEncoder", ["kind"], ["kinds"], { cats_int64s: ints(KINDS) }),
    node("Reshape", ["kinds", "flat"], ["kinds_flat"]),
    node("Cast", ["grade"], ["grade_wide"], { to: int(DataType.INT64) }),
    ml("OneHotEncoder", ["grade_wide"], ["grades"], { cats_int64s: ints([1, 2, 3]) }),
    node("Reshape", ["grades", "flat"], ["grades_flat"]),
    node("Cast", ["flag"], ["flag_f"], toFloat),
    node("Concat", ["age_f", "kinds_flat", "grades_flat", "flag_f"], ["all"], { axis: int(1) }),
    node("MatMul", ["all", "w"], ["z"]),
    node("Sigmoid", ["z"], ["y"]),
  ],
  constants: [int64Tensor("flat", [1, -1]), weights("w", 15, 2)],
};
const columnRow = (): Sample => {
  const kinds = [...KINDS, 6, 9, 261, -301];
  const pick = (): number => kinds[whole(1, 0, kinds.length - 1)[0]!]!;
  return [
    Float32Array.of(random()),
    Float32Array.of(pick(), pick()),
    whole(1, 0, 5),
    whole(1, 0, 1),
  ] satisfies Sample;
};

/** A camera's bytes, scaled in float. */
const IMAGE: Parts = {
  inputs: [value("image", [1, 1, 6, 6], DataType.UINT8)],
  nodes: [
    node("Cast", ["image"], ["f"], toFloat),
    node("Div", ["f", "most"], ["s"]),
    node("Conv", ["s", "w"], ["c"]),
    node("GlobalAveragePool", ["c"], ["g"]),
    node("Flatten", ["g"], ["y"]),
  ],
  constants: [
    floatTensor("most", [], [255]),
    floatTensor(
      "w",
      [2, 1, 3, 3],
      Array.from({ length: 18 }, () => random()),
    ),
  ],
};

/** Bytes that are numbers of a quantised network already. */
const QUANTISED: Parts = {
  inputs: [value("x", ["N", 8], DataType.UINT8)],
  nodes: [
    node("DequantizeLinear", ["x", "xs", "xz"], ["xf"]),
    node("DequantizeLinear", ["wq", "ws"], ["w"]),
    node("MatMul", ["xf", "w"], ["m"]),
    node("QuantizeLinear", ["m", "ys", "yz"], ["q"]),
    node("DequantizeLinear", ["q", "ys", "yz"], ["y"]),
  ],
  constants: [
    floatTensor("xs", [], [0.037]),
    single("xz", DataType.UINT8, 77),
    floatTensor("ys", [], [0.11]),
    single("yz", DataType.UINT8, 130),
    { name: "wq", dims: [8n, 3n], dataType: DataType.INT8, int32Data: [...whole(24, -127, 127)] },
    floatTensor("ws", [], [0.02]),
  ],
};

/** Arithmetic of integers that real numbers do as well. */
const SUMS: Parts = {
  inputs: [value("a", ["N", 4], DataType.INT64), value("b", ["N", 4], DataType.INT32)],
  nodes: [
    node("Cast", ["b"], ["b64"], { to: int(DataType.INT64) }),
    node("Sub", ["a", "b64"], ["d"]),
    node("Mul", ["d", "two"], ["m"]),
    node("Abs", ["m"], ["abs"]),
    node("Slice", ["abs", "begin", "end", "axes"], ["some"]),
    node("Cast", ["some"], ["f"], toFloat),
    node("MatMul", ["f", "w"], ["y"]),
  ],
  constants: [
    int64Tensor("two", [2]),
    int64Tensor("begin", [1]),
    int64Tensor("end", [4]),
    int64Tensor("axes", [1]),
    weights("w", 3, 2),
  ],
};

const VOCABULARY = 300;
/** Words as rows of a table, then their mean. */
const WORDS: Parts = {
  inputs: [value("ids", ["N", 4], DataType.INT32)],
  nodes: [
    node("Cast", ["ids"], ["wide"], { to: int(DataType.INT64) }),
    node("Gather", ["table", "wide"], ["e"]),
    node("ReduceMean", ["e"], ["m"], { axes: ints([1]), keepdims: int(0) }),
    node("MatMul", ["m", "w"], ["y"]),
  ],
  constants: [weights("table", VOCABULARY, 3), weights("w", 3, 2)],
};
const words = (): Sample => [whole(4, 0, VOCABULARY - 1)];

const CASES: readonly (readonly [name: string, parts: Parts, row: () => Sample])[] = [
  ["columns of several types", COLUMNS, columnRow],
  ["bytes of an image", IMAGE, () => [whole(36, 0, 250)]],
  ["bytes with a scale", QUANTISED, () => [whole(8, 0, 255)]],
  ["rows of a table", WORDS, words],
  ["sums of integers", SUMS, () => [whole(4, -40, 40), whole(4, -9, 9)]],
];

for (const [name, parts, row] of CASES)
  test(`${name}: the graph computes what ONNX Runtime does`, async () => {
    const file = written(parts);
    const rows = Array.from({ length: 60 }, row);
    const graph = importModel(readSource(file), "made");
    // Twice as far as float32 rounds apart; the quantised network's are integers, a step apart at most.
    const { rows: checked } = await checkImport(readSource(file), graph, parts === QUANTISED ? [] : rows);
    assert.ok(checked >= (parts === QUANTISED ? 3 : 63));
  });

/** Rows of all inputs as a file of raw numbers. */
function calibration(rows: readonly Sample[]): string {
  const file = join(scratch, `rows${count++}.bin`);
  writeFileSync(
    file,
    Buffer.concat(rows.map((row) => Buffer.concat(row.map((values) => Buffer.from(values.slice().buffer))))),
  );
  return file;
}

test("categories are told apart in the module, those that no sample had too", async () => {
  const rows = Array.from({ length: 300 }, columnRow);
  const known = rows.filter(([, kinds, grade]) => kinds!.every((x) => KINDS.includes(x)) && grade![0]! < 4);
  const { module, graph, imported } = await build({
    model: written(COLUMNS),
    calibration: calibration(known),
    engines: [wasm3],
  });
  const [float, found] = [predictGraph(imported, rows), await predictModule(graph, module, rows)];
  const errors = float.map(([y], i) => Math.max(...y!.map((v, j) => Math.abs(v - found[i]![0]![j]!))));
  assert.ok(Math.max(...errors) < 0.02, `${Math.max(...errors)}`);
});

test("each row of a table is found, those that no sample asked for too", async () => {
  const seen = Array.from({ length: 40 }, (): Sample => [whole(4, 40, 90)]);
  const model = written(WORDS);
  const { module, graph, imported } = await build({
    model,
    calibration: calibration(seen),
    engines: [wasm3],
    quantization: { precision: "int16" },
  });
  const rows = Array.from(
    { length: VOCABULARY / 4 },
    (_, i): Sample => [Float32Array.from({ length: 4 }, (_, j) => 4 * i + j)],
  );
  const [float, found] = [predictGraph(imported, rows), await predictModule(graph, module, rows)];
  const errors = float.map(([y], i) => Math.max(...y!.map((v, j) => Math.abs(v - found[i]![0]![j]!))));
  assert.ok(Math.max(...errors) < 0.01, `${Math.max(...errors)}`);
});

test("bytes come in as they are", async () => {
  for (const [parts, rows] of [
    [IMAGE, Array.from({ length: 30 }, () => [whole(36, 0, 200)])],
    [QUANTISED, []],
  ] as const) {
    const samples = rows.length > 0 ? { calibration: calibration(rows) } : {};
    const { graph } = await build({ model: written(parts), engines: [wasm3], ...samples });
    const input = tensorOf(graph, graph.inputs[0]!);
    const bytes = Float32Array.from({ length: 256 }, (_, i) => i);
    const found = quantizeToBytes(bytes, borderOf(input));
    assert.deepEqual(
      [...found],
      Array.from({ length: 256 }, (_, i) => (i + 128) & 255),
    );
  }
});

const REFUSED: readonly (readonly [string, Parts, RegExp])[] = [
  [
    "a table of too many rows",
    { ...WORDS, constants: [weights("table", 4000, 1), weights("w", 1, 2)] },
    /Gather_1 \(Gather\): expected a table of 1 to 2048 rows, found 4000/,
  ],
  [
    "a quotient of integers",
    {
      ...SUMS,
      nodes: [node("Div", ["a", "two"], ["d"]), node("Cast", ["d"], ["y"], toFloat)],
      inputs: [value("a", ["N", 4], DataType.INT64)],
    },
    /Div_0 \(Div\): of INT64: expected float: in integers the results are cut off/,
  ],
  [
    "sums of bytes",
    {
      nodes: [node("Add", ["a", "a"], ["d"]), node("Cast", ["d"], ["y"], toFloat)],
      inputs: [value("a", ["N", 4], DataType.UINT8)],
    },
    /Add_0 \(Add\): of UINT8: expected INT32, INT64 or float: narrower integers wrap around/,
  ],
  [
    "a cast that cuts off",
    {
      nodes: [node("Cast", ["a"], ["d"], { to: int(DataType.UINT8) }), node("Cast", ["d"], ["y"], toFloat)],
      inputs: [value("a", ["N", 4], DataType.INT32)],
    },
    /Cast_0 \(Cast\): cast from INT32 to UINT8: expected a type that holds the same numbers/,
  ],
];

for (const [name, parts, message] of REFUSED)
  test(`${name} is refused in one line`, () => assert.match(refusal(onnx(parts)), message));
