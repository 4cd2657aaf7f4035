/** ONNX files whose weights lie in files beside them: the right answers, and what a hostile file may try. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TensorProto_DataType as DataType, TensorProto_DataLocation } from "onnx-buf";
import { importModel, openSource, readSource } from "../../../../host/compiler/import/index.ts";
import { checkImport } from "../../../../host/compiler/verify/second.ts";
import { ModelError, tensorOf, withTensors } from "../../../../host/ir/graph.ts";
import { toHalf } from "../../../../host/ir/half.ts";
import { build } from "../../../../host/pipeline.ts";
import { evaluateGraph } from "../../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../../host/runtime/engines/v8.ts";
import { scratchFolder } from "../../../support/folders.ts";
import {
  floatTensor,
  int,
  node,
  onnx,
  type Parts,
  type TensorInit,
  tensorAttribute,
  value,
} from "../../../support/onnx.ts";

const scratch = scratchFolder();

const WEIGHTS = [1, -2, 0.5, 0.25, -1, 3];
const BIAS = [0.5, -0.25];
const FLOATS = new Uint8Array(Float32Array.of(...WEIGHTS, ...BIAS).buffer);

const outside = (name: string, dims: number[], entries: Readonly<Record<string, string>>): TensorInit => ({
  name,
  dims: dims.map(BigInt),
  dataType: DataType.FLOAT,
  dataLocation: TensorProto_DataLocation.EXTERNAL,
  externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
});

const dense = (constants: TensorInit[]): Parts => ({
  nodes: [node("MatMul", ["x", "w"], ["xw"]), node("Add", ["xw", "b"], ["y"])],
  constants,
});

let count = 0;
/** A model's file in a folder of its own. */
function written(
  parts: Parts,
  files: Readonly<Record<string, Uint8Array>> = { "weights.bin": FLOATS },
): string {
  const folder = join(scratch, `model${count++}`);
  mkdirSync(join(folder, "data"), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, "model.onnx"), onnx(parts));
  return join(folder, "model.onnx");
}

const answer = async (file: string): Promise<number[]> => {
  const graph = importModel(await openSource(file), "model");
  return Array.from(evaluateGraph(graph, [Float32Array.of(1, 2, 4)]).get("y")!);
};
const EXPECTED = [1 + 1 - 4 + 0.5, -2 + 0.5 + 12 - 0.25];

const both = (location: string) => [
  outside("w", [3, 2], { location, offset: "0", length: "24" }),
  outside("b", [2], { location, offset: "24", length: "8" }),
];

test("weights of other files, in folders too, without offset or length, and in attributes", async () => {
  assert.deepEqual(await answer(written(dense(both("weights.bin")))), EXPECTED);
  assert.deepEqual(await answer(written(dense(both("data/w")), { "data/w": FLOATS })), EXPECTED);
  const whole = [
    outside("w", [3, 2], { location: "./w" }),
    outside("b", [2], { location: "b", checksum: "x" }),
  ];
  const files = { w: FLOATS.slice(0, 24), b: FLOATS.slice(24) };
  assert.deepEqual(await answer(written(dense(whole), files)), EXPECTED);
  const { nodes } = dense([]);
  const weights = outside("", [3, 2], { location: "weights.bin" });
  const attribute = [node("Constant", [], ["w"], { value: tensorAttribute(weights) }), ...nodes];
  assert.deepEqual(
    await answer(written({ nodes: attribute, constants: [floatTensor("b", [2], BIAS)] })),
    EXPECTED,
  );
});

test("from file to verified module, with ONNX Runtime beside it", async () => {
  const result = await build({
    model: written(dense(both("weights.bin"))),
    name: "external",
    check: true,
    engines: [v8],
  });
  assert.ok(result.check!.rows > 0);
});

test("the hash tells weights that lie elsewhere", () => {
  const other = FLOATS.slice();
  other[0]! ^= 1;
  const hashes = [FLOATS, other].map(
    (bytes) => readSource(written(dense(both("weights.bin")), { "weights.bin": bytes })).sha256,
  );
  assert.notEqual(hashes[0], hashes[1]);
});

const W = (entries: Readonly<Record<string, string>>): TensorInit[] => [
  outside("w", [3, 2], entries),
  floatTensor("b", [2], BIAS),
];
const at = (location: string) => W({ location });

const REFUSED: readonly (readonly [what: string, constants: TensorInit[], message: RegExp])[] = [
  [
    "a path upwards",
    at("../weights.bin"),
    /tensor w: .*within the model's folder, found "\.\.\/weights\.bin"/,
  ],
  ["a path down and up", at("data/../../weights.bin"), /within the model's folder/],
  ["an absolute path", at("/etc/passwd"), /within the model's folder, found "\/etc\/passwd"/],
  ["a path of another system", at("..\\weights.bin"), /within the model's folder/],
  ["a drive", at("C:weights.bin"), /within the model's folder/],
  ["an address", at("http://example.org/w"), /within the model's folder/],
  ["no path", W({ offset: "0" }), /expected a location in the folder of the model's file, found none/],
  ["a missing file", at("none.bin"), /expected the file none\.bin beside the model, found none/],
  ["a folder", at("data"), /expected data to be a file, found a folder/],
  ["a link", at("link.bin"), /expected link\.bin to be a file, found a symbolic link/],
  ["a linked folder", at("linked/passwd"), /expected linked\/passwd to be a file, found a symbolic link/],
  ["an offset past the end", W({ location: "weights.bin", offset: "16" }), /expected 40 bytes, found 32/],
  [
    "a huge offset",
    W({ location: "weights.bin", offset: "999999999999999" }),
    /expected 1000000000000023 bytes, found 32/,
  ],
  ["a negative offset", W({ location: "weights.bin", offset: "-8" }), /offset: expected a count, found "-8"/],
  ["a wrong length", W({ location: "weights.bin", length: "23" }), /expected a length of 24 bytes, found 23/],
  ["an unknown key", W({ location: "weights.bin", url: "x" }), /expected the keys .*, found "url"/],
  [
    "an overlap",
    [
      outside("w", [3, 2], { location: "weights.bin" }),
      outside("b", [2], { location: "./weights.bin", offset: "20" }),
    ],
    /tensors that do not overlap, found two at byte 20/,
  ],
  [
    "more than a model may have",
    [
      outside("w", [2 ** 24, 1], { location: "weights.bin" }),
      outside("b", [2 ** 24], { location: "weights.bin" }),
    ],
    /expected at most 67108864 bytes in all, found 134/,
  ],
];

for (const [what, constants, message] of REFUSED) {
  test(`${what} is refused in one line`, () => {
    const file = written(dense(constants));
    const folder = file.slice(0, -"model.onnx".length);
    symlinkSync("weights.bin", join(folder, "link.bin"));
    symlinkSync("/etc", join(folder, "linked"));
    assert.throws(
      () => importModel(readSource(file), "model"),
      (error) => error instanceof ModelError && message.test(error.message) && !error.message.includes("\n"),
    );
  });
}

test("tensors that share all their bytes are read", async () => {
  const shared = { location: "weights.bin", offset: "24", length: "8" };
  const file = written({
    nodes: [
      node("MatMul", ["x", "w"], ["xw"]),
      node("Add", ["xw", "b"], ["s"]),
      node("Add", ["s", "c"], ["y"]),
    ],
    constants: [
      outside("w", [3, 2], { location: "weights.bin", length: "24" }),
      outside("b", [2], shared),
      outside("c", [2], shared),
    ],
  });
  assert.deepEqual(
    await answer(file),
    EXPECTED.map((value, i) => value + BIAS[i]!),
  );
  rmSync(join(file, "..", "weights.bin"));
  await assert.rejects(openSource(file), /expected the file weights\.bin beside the model, found none/);
});

const half = (name: string, dims: number[], values: readonly number[]): TensorInit => ({
  name,
  dims: dims.map(BigInt),
  dataType: DataType.FLOAT16,
  int32Data: values.map(toHalf),
});

test("a model of float16 throughout, with a Cast, is what ONNX Runtime says", async () => {
  const file = written({
    nodes: [
      node("MatMul", ["x", "w"], ["xw"]),
      node("Add", ["xw", "b"], ["h"]),
      node("Cast", ["h"], ["f"], { to: int(DataType.FLOAT) }),
      node("Tanh", ["f"], ["t"]),
      node("Cast", ["t"], ["y"], { to: int(DataType.FLOAT16) }),
    ],
    inputs: [value("x", ["N", 3], DataType.FLOAT16)],
    outputs: [value("y", [undefined, 2], DataType.FLOAT16)],
    constants: [half("w", [3, 2], WEIGHTS), half("b", [2], BIAS)],
  });
  const source = await openSource(file);
  const graph = importModel(source, "model");
  const check = await checkImport(source, graph, [
    [Float32Array.of(0.1, 0.2, 0.3)],
    [Float32Array.of(-1, 0.5, 0)],
  ]);
  assert.ok(check.rows >= 2);
  const wrong = withTensors(graph, [{ ...tensorOf(graph, "b"), data: Float32Array.of(0.5, -0.2) }]);
  await assert.rejects(checkImport(source, wrong, []), /^ModelError: check: .*, output y/);
});
