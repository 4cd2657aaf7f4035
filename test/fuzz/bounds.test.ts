/** Small or plain models that once took memory or time without bound, or overran the call stack. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { TensorProto_DataType as DataType, type GraphProtoSchema, ModelProtoSchema } from "onnx-buf";
import { importOnnx } from "../../host/compiler/import/onnx/index.ts";
import { importTflite } from "../../host/compiler/import/tflite/index.ts";
import { calibrate } from "../../host/compiler/quantize/calibrate.ts";
import { quantizeGraph } from "../../host/compiler/quantize/quantize.ts";
import {
  type Attributes,
  type Graph,
  ModelError,
  type Node,
  oneLine,
  quantized,
  type Tensor,
} from "../../host/ir/graph.ts";
import { nameGiver } from "../../host/ir/names.ts";
import { graphFromJson, graphToJson } from "../../host/ir/serialize.ts";
import { asymmetric } from "../../host/ops/scales.ts";
import { checkGraph, checkWork } from "../../host/ops/spec.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";

function refused(work: () => unknown, message: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof ModelError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

const tensor = (name: string, shape: number[], more: Partial<Tensor> = {}): Tensor => ({
  name,
  dtype: "float32",
  shape,
  ...more,
});

/** One operator from x to y, with constants as further inputs. */
function graphOf(op: string, x: Tensor, y: Tensor, attributes: Attributes, ...constants: Tensor[]): Graph {
  const tensors = [x, ...constants, y];
  const node: Node = {
    name: op,
    op,
    inputs: [x, ...constants].map(({ name }) => name),
    outputs: [y.name],
    attributes,
  };
  const map = new Map(tensors.map((each) => [each.name, each]));
  return { name: "made", tensors: map, nodes: [node], inputs: [x.name], outputs: [y.name] };
}

function onnx(graph: MessageInitShape<typeof GraphProtoSchema>): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { opsetImport: [{ domain: "", version: 17n }], graph }),
  );
}

function value(name: string, sizes: number[]) {
  const dim = sizes.map((size) => ({ value: { case: "dimValue" as const, value: BigInt(size) } }));
  const tensorType = { elemType: DataType.FLOAT, shape: { dim } };
  return { name, type: { value: { case: "tensorType" as const, value: tensorType } } };
}

describe("memory", () => {
  test("an ONNX file of millions of empty nodes is refused before it is decoded", () => {
    const nodes = 2 ** 21;
    const body = new Uint8Array(2 * nodes).map((_, i) => (i % 2 === 0 ? 0x0a : 0));
    const header = [0x3a, 0x80, 0x80, 0x80, 0x02];
    refused(
      () => importOnnx(Uint8Array.from([...header, ...body]), "m"),
      /at most 4194304 values, found more$/,
    );
  });

  test("an ONNX file of millions of packed integers is refused before it is decoded", () => {
    const sizes = new Uint8Array(2 ** 23);
    // model.graph.initializer.dims
    const field = (tag: number, contents: Uint8Array): Uint8Array => {
      const { length } = contents;
      const varint = [0, 7, 14, 21].map((shift, i) => ((length >> shift) & 0x7f) | (i < 3 ? 0x80 : 0));
      return Buffer.concat([Uint8Array.of(tag, ...varint), contents]);
    };
    const bytes = field(0x3a, field(0x2a, field(0x0a, sizes)));
    refused(() => importOnnx(bytes, "m"), /at most 4194304 values, found more$/);
  });

  test("one ONNX constant folded into many nodes", () => {
    const size = 2048;
    const chain = Array.from({ length: 9 }, (_, i) => `t${i}`);
    const bytes = onnx({
      node: chain
        .slice(1)
        .map((output, i) => ({ opType: "MatMul", input: [chain[i]!, "w"], output: [output] })),
      input: [value("t0", [1, size])],
      output: [value("t8", [1, size])],
      initializer: [
        {
          name: "w",
          dims: [BigInt(size), BigInt(size)],
          dataType: DataType.FLOAT,
          rawData: new Uint8Array(4 * size * size),
        },
      ],
    });
    refused(() => importOnnx(bytes, "m"), /expected at most 33554432 values in all constants, found more/);
  });

  test("TFLite tensors that all have one long name", () => {
    const [tensors, letters] = [16000, 2 ** 20];
    const bytes = new Uint8Array(200 + 8 * tensors + letters);
    const view = new DataView(bytes.buffer);
    let end = 8;
    const point = (from: number, to: number): void => view.setUint32(from, to - from, true);
    /** A table of 4-byte fields: its position, and that of each field. */
    const table = (...ids: number[]): { at: number; fields: number[] } => {
      const vtable = end;
      const size = 4 + 2 * (Math.max(...ids) + 1);
      const at = Math.ceil((vtable + size) / 4) * 4;
      view.setUint16(vtable, size, true);
      ids.forEach((id, i) => {
        view.setUint16(vtable + 4 + 2 * id, 4 + 4 * i, true);
      });
      view.setInt32(at, at - vtable, true);
      end = at + 4 + 4 * ids.length;
      return { at, fields: ids.map((_, i) => at + 4 + 4 * i) };
    };
    const vector = (length: number, bytesEach: number): number => {
      const at = end;
      view.setUint32(at, length, true);
      end = at + 4 + length * bytesEach;
      return at;
    };
    bytes.set(Buffer.from("TFL3"), 4);
    const model = table(0, 2);
    point(0, model.at);
    view.setUint32(model.fields[0]!, 3, true);
    const subgraphs = vector(1, 4);
    point(model.fields[1]!, subgraphs);
    const subgraph = table(0, 1);
    point(subgraphs + 4, subgraph.at);
    const list = vector(tensors, 4);
    point(subgraph.fields[0]!, list);
    // Of tensors that nothing names no name is read.
    const inputs = vector(tensors, 4);
    point(subgraph.fields[1]!, inputs);
    for (let i = 0; i < tensors; i++) view.setUint32(inputs + 4 + 4 * i, i, true);
    const one = table(3);
    for (let i = 0; i < tensors; i++) point(list + 4 + 4 * i, one.at);
    point(one.fields[0]!, vector(letters, 1));
    refused(() => importTflite(bytes, "m"), /^offset \d+: expected vectors that do not overlap$/);
  });

  test("values of all tensors together", () => {
    const shape = [1, 2 ** 24];
    const graph = graphOf("relu", tensor("x", shape), tensor("y", shape), { activation: "relu" });
    const more = tensor("z", shape);
    refused(
      () => checkWork({ ...graph, tensors: new Map([...graph.tensors, [more.name, more]]) }),
      /at most 8388608 values in all tensors, found 50331648/,
    );
  });
});

describe("time", () => {
  test("windows without multiplications count as work", () => {
    const attributes = {
      kernel: [2048, 2048],
      stride: [1, 1],
      padding: [1024, 1024, 1023, 1023],
      activation: "none",
    };
    const image = [1, 2048, 2048, 1];
    const graph = graphOf("max_pool2d", tensor("x", image), tensor("y", image), attributes);
    refused(
      () => checkWork(checkGraph(graph, "import")),
      /at most 268435456 values in all windows and reductions/,
    );
  });

  test("more layers than passes and the memory plan are made for", () => {
    const names = Array.from({ length: 3000 }, (_, i) => `t${i}`);
    const nodes = names.slice(1).map(
      (output, i): Node => ({
        name: output,
        op: "tanh",
        inputs: [names[i]!],
        outputs: [output],
        attributes: {},
      }),
    );
    const tensors = new Map(names.map((name) => [name, tensor(name, [1])]));
    const graph: Graph = { name: "m", tensors, nodes, inputs: ["t0"], outputs: ["t2999"] };
    refused(() => checkWork(checkGraph(graph, "import")), /at most 2048 layers, found 2999/);
  });

  test("axes without end, in both formats and in a graph", () => {
    const ones = Array<number>(9).fill(1);
    const graph = graphOf("relu", tensor("x", ones), tensor("y", ones), { activation: "relu" });
    refused(() => checkGraph(graph, "import"), /tensor x: expected at most 8 axes, found 9/);
    const bytes = onnx({
      node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
      input: [value("x", ones)],
      output: [value("y", ones)],
    });
    refused(() => importOnnx(bytes, "m"), /input x: expected a shape of at most 8 axes, found 9/);
  });

  test("names that are all one go on counting where they were", () => {
    const unique = nameGiver(["a", "a#1"]);
    assert.deepEqual([unique("a"), unique("a"), unique("b"), unique("a", 7)], ["a#2", "a#3", "b", "a#7"]);
    const fromEight = nameGiver([]);
    assert.deepEqual([fromEight("t", 8), fromEight("t", 9), fromEight("t#9", 3)], ["t", "t#9", "t#9#3"]);
  });

  test("an ONNX file with outputs without end", () => {
    const outputs = Array.from({ length: 65 }, (_, i) => value(`y${i}`, [1]));
    const bytes = onnx({ node: [], input: [value("x", [1])], output: outputs });
    refused(() => importOnnx(bytes, "m"), /at most 16384 nodes and 64 outputs, found 0 and 65/);
  });
});

describe("the call stack", () => {
  test("a window of 200 000 values", () => {
    const attributes = { kernel: [400, 500], stride: [1, 1], padding: [0, 0, 0, 0], activation: "none" };
    const graph = graphOf("max_pool2d", tensor("x", [1, 400, 500, 1]), tensor("y", [1, 1, 1, 1]), attributes);
    const x = new Float32Array(200_000);
    x[123_456] = 3;
    assert.deepEqual([...evaluateGraph(checkGraph(graph, "import"), [x]).get("y")!], [3]);
  });

  test("a softmax over more values than its sum has room for", () => {
    const graph = graphOf("softmax", tensor("x", [1, 200_000]), tensor("y", [1, 200_000]), { beta: 1 });
    refused(() => checkGraph(graph, "import"), /node softmax: expected a last axis of at most 4095/);
  });

  test("a constant of 300 000 values", () => {
    const data = new Float32Array(300_000).fill(0.5);
    const shape = [300_000];
    const constant = tensor("c", shape, { data });
    const graph = graphOf("add", tensor("x", shape), tensor("y", shape), { activation: "none" }, constant);
    const statistics = calibrate(graph, [[new Float32Array(300_000)]]);
    assert.equal(quantizeGraph(graph, statistics).tensors.get("c@add")?.dtype, "int8");
  });
});

describe("numbers", () => {
  test("a zero point is never -0, which CBOR tells from 0", () => {
    const { zeroPoints } = asymmetric(-127.7, 127.3);
    assert.ok(Object.is(zeroPoints[0], 0), `found ${Object.is(zeroPoints[0], -0) ? "-0" : zeroPoints[0]}`);
  });

  test("values without a range are refused by name", () => {
    const weights = tensor("w", [1, 2], { data: Float32Array.of(3e38, 3e38) });
    const attributes = { keepDims: true, activation: "none" };
    const graph = graphOf("fully_connected", tensor("x", [1, 2]), tensor("y", [1, 1]), attributes, weights);
    refused(
      () => calibrate(graph, [[Float32Array.of(2, 2)]]),
      /tensor y: expected finite values in calibration, found Infinity to Infinity/,
    );
  });

  test("a model that is quantised in part is refused", () => {
    const int8 = { dtype: "int8", quantization: quantized(0.5, 0) } as const;
    const graph = graphOf("quantize", tensor("x", [1]), tensor("y", [1], int8), {});
    const one = { min: 0, max: 1, mean: 0, deviation: 0 };
    refused(
      () =>
        quantizeGraph(
          graph,
          new Map([
            ["x", one],
            ["y", one],
          ]),
        ),
      /tensor y: expected a model of float32 or one of int8 throughout, found int8 beside float32/,
    );
  });

  test("float layers with int8 weights are refused", () => {
    const int8 = { dtype: "int8", quantization: quantized(0.5, 0), data: Int8Array.of(1, 2) } as const;
    const attributes = { keepDims: true, activation: "none" };
    const weights = tensor("w", [1, 2], int8);
    const graph = graphOf("fully_connected", tensor("x", [1, 2]), tensor("y", [1, 1]), attributes, weights);
    refused(
      () => checkGraph(graph, "import"),
      /input w: expected float32 for an output of float32, found int8/,
    );
  });
});

describe("text", () => {
  test("a message is one line, whatever the names in a file", () => {
    assert.equal(new ModelError("node a\r\nb\u001b[2J: wrong").message, "node a b [2J: wrong");
    assert.equal(oneLine("x".repeat(5000)).length, 2000);
  });

  test("a graph file that is none", () => {
    refused(() => graphFromJson("{"), /^graph: expected JSON: /);
    refused(() => graphFromJson("null"), /^graph: expected a map, found null$/);
    const graph = graphOf("tanh", tensor("x", [1]), tensor("y", [1]), {});
    const stored = JSON.parse(graphToJson(graph)) as { tensors: { shape: unknown }[] };
    stored.tensors[1]!.shape = "1";
    refused(
      () => graphFromJson(JSON.stringify(stored)),
      /^graph: tensors\[1\]\.shape: expected a list, found 1$/,
    );
  });
});
