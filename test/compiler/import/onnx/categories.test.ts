/** Columns of strings: from a file by ONNX's encoders to a module's table of texts, and rows of text to answers. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { importModel, openSource } from "../../../../host/compiler/import/index.ts";
import { checkImport } from "../../../../host/compiler/verify/second.ts";
import { tensorOf } from "../../../../host/ir/graph.ts";
import { readMetadata } from "../../../../host/module/metadata.ts";
import { inputInfos, splitRow } from "../../../../host/ops/border.ts";
import { build } from "../../../../host/pipeline.ts";
import { predictFiles } from "../../../../host/predict/batch/job.ts";
import { DataError, parseCsv, readSamplesOf } from "../../../../host/runtime/data/index.ts";
import { qemu } from "../../../../host/runtime/engines/qemu.ts";
import { wasm3 } from "../../../../host/runtime/engines/wasm3.ts";
import { scratchFolder } from "../../../support/folders.ts";
import { modelPath } from "../../../support/models.ts";
import { int, int64Tensor, ints, ml, node, onnx, refusal, strings, value } from "../../../support/onnx.ts";

const folder = (name: string): string => modelPath(join("strings", name));
const scratch = scratchFolder();
const firmware = await qemu.availability();
const rows = folder("rows.test.csv");
const TABLE = ["blue", "green", "light grey", "red", "10", "Berlin", "Köln", "München", "Ulm"];
const STRING = 8;

/** ONNX Runtime's labels for the rows of the table. */
async function labelsOf(file: string): Promise<string[]> {
  const session = await InferenceSession.create(readFileSync(file), { logSeverityLevel: 3 });
  const lines = readFileSync(rows, "utf8").trim().split("\n").slice(1);
  const found: string[] = [];
  for (const [weight, size, colour, city] of lines.map((line) => line.split(","))) {
    const number = (text: string): Tensor => new Tensor("float32", [Number(text)], [1, 1]);
    const text = (cell: string): Tensor => new Tensor("string", [cell], [1, 1]);
    const feeds = {
      weight: number(weight!),
      size: number(size!),
      colour: text(colour!),
      city: text(city!),
    };
    const { label } = await session.run(feeds, ["label"]);
    found.push(String(label!.data[0]));
  }
  return found;
}

for (const name of ["one_hot", "ordinal"]) {
  test(`${name}: rows of text, some that nobody has seen, are answered as by ONNX Runtime`, async () => {
    const model = folder(`${name}.onnx`);
    const source = await openSource(model);
    const graph = importModel(source, name);
    assert.deepEqual(tensorOf(graph, "colour").categories, TABLE);
    const { rows: samples } = readSamplesOf(rows, inputInfos(graph));
    assert.equal(samples.filter((row) => row[2] === -1).length, 4);
    await checkImport(
      source,
      graph,
      samples.map((row) => splitRow(row, [1, 1, 1, 1])),
    );
    const engines = name === "one_hot" && firmware.available ? [wasm3, qemu] : [wasm3];
    const { module, verification } = await build({
      model,
      calibration: folder("rows.calibration.csv"),
      engines,
    });
    assert.equal(
      verification.engines.filter(({ availability }) => availability.available).length,
      engines.length,
    );
    assert.deepEqual(
      readMetadata(module).inputs.map(({ categories }) => categories),
      [undefined, undefined, TABLE, TABLE],
    );
    const expected = await labelsOf(model);
    const out = join(scratch, name);
    await predictFiles({ model: module, inputs: [rows], out, workers: 1 });
    const [part] = readdirSync(out);
    const [head, ...lines] = readFileSync(join(out, part!), "utf8").trim().split("\n");
    const label = head!.split(",").indexOf("label");
    assert.deepEqual(
      lines.map((line) => line.split(",")[label]),
      expected,
    );
    await checkJsonLines(module, expected[0]!);
    await checkNumberedTexts(module, name);
  });
}

/** The first row as JSON; a number in the place of a text is a bad row. */
async function checkJsonLines(module: Uint8Array, expected: string): Promise<void> {
  const [weight, size, colour, city] = readFileSync(rows, "utf8").split("\n")[1]!.split(",");
  const row = { weight: Number(weight), size: Number(size), colour, city };
  const file = join(scratch, "rows.jsonl");
  writeFileSync(file, `${JSON.stringify(row)}\n`);
  const out = join(scratch, `json${expected}${module.length}`);
  await predictFiles({ model: module, inputs: [file], out, workers: 1 });
  const [part] = readdirSync(out);
  assert.equal(JSON.parse(readFileSync(join(out, part!), "utf8")).label, expected);
  writeFileSync(file, `${JSON.stringify({ ...row, colour: 3 })}\n`);
  await assert.rejects(
    predictFiles({ model: module, inputs: [file], out: `${out}b`, workers: 1 }),
    /colour: expected a text, found 3/,
  );
}

/** Texts that all look like numbers are texts in a table as in JSON. */
async function checkNumberedTexts(module: Uint8Array, name: string): Promise<void> {
  const files = ["numbers.jsonl", "numbers.csv"].map((file) => join(scratch, file));
  writeFileSync(files[0]!, '{"weight": 1, "size": 2, "colour": "7", "city": "10"}\n');
  writeFileSync(files[1]!, "weight,size,colour,city\n1,2,7,10\n");
  const out = join(scratch, `${name}_numbers`);
  await predictFiles({ model: module, inputs: files, out, workers: 1 });
  const part = (extension: string): string => {
    const name = readdirSync(out).find((each) => each.endsWith(extension))!;
    return readFileSync(join(out, name), "utf8");
  };
  const [head, row] = part(".csv")
    .split("\n")
    .map((line) => line.split(","));
  assert.equal(Number(row![head!.indexOf("score")]), JSON.parse(part(".jsonl")).score);
}

describe("a table", () => {
  const table = ["red", "10", "light grey"];
  const read = (text: string) =>
    parseCsv(text, 2, "t.csv", { categories: (i) => (i === 1 ? table : undefined) }).rows.map((row) => [
      ...row,
    ]);

  test("has texts where the model takes them, also such as look like numbers", () => {
    assert.deepEqual(read('a,b\n1,10\n2,"light grey"\n3,\n4,RED\n'), [
      [1, 1],
      [2, 2],
      [3, -1],
      [4, -1],
    ]);
  });

  test("has blanks around texts where the model knows them so, and leaves them out elsewhere", () => {
    const blanks = [" x", "x ", "y", " 10"];
    const { rows } = parseCsv('a,b\n1, x\n2,x \n3," x"\n4,x\n5, y \n6,\t10\n7, 10\n', 2, "t.csv", {
      categories: (i) => (i === 1 ? blanks : undefined),
    });
    assert.deepEqual(
      rows.map((row) => row[1]),
      [0, 1, 0, -1, 2, -1, 3],
    );
  });

  test("has numbers elsewhere", () => {
    assert.throws(() => read("a,b\nred,10\n"), DataError);
  });
});

describe("what is refused", () => {
  const inputs = [value("x", ["N", 1], STRING)];
  const encode = { cats_strings: strings(["a", "b"]), zeros: int(1) };

  test("strings that no encoder tells apart", () => {
    const bytes = onnx({ nodes: [node("Identity", ["x"], ["y"])], inputs });
    assert.equal(refusal(bytes), "input x: expected strings that an encoder tells apart, found none");
  });

  test("strings that are compared by other nodes", () => {
    const nodes = [
      ml("OneHotEncoder", ["x"], ["y"], encode),
      node("Equal", ["x", "x"], ["e"]),
      node("Cast", ["e"], ["z"], { to: int(1) }),
    ];
    const bytes = onnx({ nodes, inputs, outputs: [value("y", ["N", 1, 2]), value("z", ["N", 1])] });
    assert.match(refusal(bytes), /Equal.*of strings: expected an encoder/);
  });

  test("an encoder of strings on numbers", () => {
    const bytes = onnx({
      nodes: [ml("OneHotEncoder", ["x"], ["y"], encode)],
      inputs: [value("x", ["N", 1])],
    });
    assert.match(refusal(bytes), /found strings such as a for an input of numbers/);
  });
});

test("columns of one input are told apart by one table", async () => {
  const bytes = onnx({
    nodes: [
      node("Gather", ["x", "first"], ["a"], { axis: int(1) }),
      node("Gather", ["x", "second"], ["b"], { axis: int(1) }),
      ml("OneHotEncoder", ["a"], ["c"], { cats_strings: strings(["u", "v"]), zeros: int(1) }),
      ml("OneHotEncoder", ["b"], ["d"], { cats_strings: strings(["v", "w"]), zeros: int(1) }),
      node("Concat", ["c", "d"], ["e"], { axis: int(2) }),
      node("ReduceSum", ["e"], ["y"], { axes: ints([1]), keepdims: int(0) }),
    ],
    opset: 12,
    constants: [int64Tensor("first", [0]), int64Tensor("second", [1])],
    inputs: [value("x", ["N", 2], STRING)],
  });
  const file = join(scratch, "columns.onnx");
  writeFileSync(file, bytes);
  const source = await openSource(file);
  const graph = importModel(source, "columns");
  assert.deepEqual(tensorOf(graph, "x").categories, ["u", "v", "w"]);
  const samples = [-1, 0, 1, 2].flatMap((a) => [-1, 0, 1, 2].map((b) => [Float32Array.of(a, b)]));
  await checkImport(source, graph, samples);
});
