/** What a file or a command may take: each limit of host/budgets.ts as one line, before time or memory is gone. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { BUDGETS, BudgetError, checkTime, parseJson, withinTime } from "../host/budgets.ts";
import { readConfig } from "../host/compiler/import/keras/config.ts";
import { type Graph, ModelError, type Node, type Tensor } from "../host/ir/graph.ts";
import { graphFromJson } from "../host/ir/serialize.ts";
import { checkWork } from "../host/ops/spec.ts";
import { build } from "../host/pipeline.ts";
import { imageDecoder } from "../host/runtime/data/image.ts";
import { DataError } from "../host/runtime/data/index.ts";
import { evaluateGraph } from "../host/runtime/engines/reference.ts";
import { thimble } from "./support/command.ts";
import { scratchFolder } from "./support/folders.ts";
import { modelPath } from "./support/models.ts";

const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);

describe("JSON", () => {
  test("is read as JSON.parse reads it, up to the depth", () => {
    const texts = [
      nested(BUDGETS.jsonDepth),
      '{"a\\"[[{":["]\\\\"],"b":1}',
      ` [1, "${"[".repeat(1000)}"]`,
      "3",
    ];
    for (const text of texts) assert.deepEqual(parseJson(text), JSON.parse(text));
    assert.throws(() => parseJson("[1"), SyntaxError);
  });

  test("nested deeper is refused, in lists and objects", () => {
    for (const text of [nested(201), nested(5000), nested(1_000_000), nested(150, '[{"a":', "}]")])
      assert.throws(() => parseJson(text), /expected JSON nested at most 200 deep, found it deeper/);
  });

  test("in a Keras model and in a graph is a ModelError", () => {
    const shape = nested(5000);
    const config = `{"class_name":"Sequential","config":{"layers":[{"class_name":"InputLayer","config":{"batch_shape":${shape}}}]}}`;
    for (const read of [() => readConfig(config), () => graphFromJson(`{"nodes":${shape}}`)])
      assert.throws(read, (error) => error instanceof ModelError && /at most 200 deep/.test(error.message));
  });
});

describe("pictures", () => {
  /** A PNG of 8x8 RGB pixels whose pixel data are these bytes. */
  function png(data: Uint8Array, interlaced: boolean): Uint8Array {
    const made = PNG.sync.write(new PNG({ width: 8, height: 8 }), { colorType: 2 });
    made[28] = interlaced ? 1 : 0;
    const at = made.indexOf("IDAT") - 4;
    const body = deflateSync(data);
    const chunk = Buffer.alloc(12 + body.length);
    chunk.writeUInt32BE(body.length, 0);
    chunk.set(Buffer.from("IDAT"), 4);
    chunk.set(body, 8);
    return Buffer.concat([made.subarray(0, at), chunk, made.subarray(at + 12 + made.readUInt32BE(at))]);
  }
  const decode = imageDecoder("x", [{ name: "x", shape: [1, 8, 8, 3] }], {});

  for (const interlaced of [false, true])
    test(`that expand to more than their pixels are refused${interlaced ? ", interlaced" : ""}`, () => {
      assert.throws(
        () => decode(png(new Uint8Array(2 ** 24), interlaced), "bomb.png"),
        (error) =>
          error instanceof DataError &&
          error.message === "bomb.png: expected at most 288 bytes for 8x8 pixels, found more",
      );
    });

  test("that hold their pixels are read", () => {
    const made = PNG.sync.write(new PNG({ width: 8, height: 8, fill: true }));
    assert.equal(decode(made, "small.png").length, 192);
  });
});

describe("work", () => {
  const tensor = (name: string, shape: number[]): Tensor => ({ name, dtype: "float32", shape });

  /** Reductions of one large tensor, so many. */
  function reductions(op: string, count: number, size: number): Graph {
    const nodes: Node[] = Array.from({ length: count }, (_, i) => ({
      name: `n${i}`,
      op,
      inputs: ["x"],
      outputs: [`y${i}`],
      attributes: { axes: [1], keepDims: false },
    }));
    const tensors = [tensor("x", [1, size]), ...nodes.map(({ outputs }) => tensor(outputs[0]!, [1]))];
    return {
      name: "reductions",
      tensors: new Map(tensors.map((each) => [each.name, each])),
      nodes,
      inputs: ["x"],
      outputs: nodes.map(({ outputs }) => outputs[0]!),
    };
  }

  for (const op of ["mean", "reduce_sum", "reduce_max", "reduce_min"])
    test(`of ${op} counts what it reads`, () => {
      assert.throws(
        () => checkWork(reductions(op, 65, 2 ** 22)),
        /^ModelError: expected at most 268435456 values in all windows and reductions, found 272629760$/,
      );
      checkWork(reductions(op, 60, 2 ** 22));
    });

  test("on more values than the interpreter can hold is refused", () => {
    assert.throws(
      () => checkWork(reductions("mean", 1, 2 ** 24)),
      /expected at most 8388608 values in all tensors, found 16777217/,
    );
  });

  test("of a reduction of millions takes four bytes a value", () => {
    const graph = reductions("reduce_max", 1, 2 ** 22);
    const values = new Float32Array(2 ** 22).fill(-1);
    values[12345] = 0.5;
    assert.deepEqual(evaluateGraph(graph, [values]).get("y0"), Float32Array.of(0.5));
  });
});

describe("time", () => {
  test("is looked at in all that is awaited, and is each one's own", async () => {
    const spend = async (): Promise<string> => {
      checkTime("stage one");
      await new Promise(setImmediate);
      checkTime();
      return "done";
    };
    const [short, long] = await Promise.allSettled([withinTime(-1, spend), withinTime(3600, spend)]);
    assert.ok(short.status === "rejected" && short.reason instanceof BudgetError);
    assert.match(
      short.reason.message,
      /within -1 s .* \(--time-limit\), found it at work in the stage "stage one"/,
    );
    assert.deepEqual(long, { status: "fulfilled", value: "done" });
    checkTime();
  });

  test("is looked at again and again in a stage that takes long", async () => {
    const work = withinTime(0.1, async () => {
      checkTime("long");
      // Far more than fit the time: where the clock is not read again, they come to their end.
      for (let layer = 0; layer < 2e7; layer++) checkTime();
    });
    await assert.rejects(work, (error) => error instanceof BudgetError && /"long"/.test(error.message));
  });

  test("ends a build amid a stage", async () => {
    const late: string[] = [];
    const options = {
      model: modelPath("wine_dense.onnx"),
      timeLimit: 1e-6,
      onStage: (name: string) => late.push(name),
    };
    await assert.rejects(
      build(options),
      (error) => error instanceof BudgetError && /"import"/.test(error.message),
    );
    assert.deepEqual(late, ["import"]);
  });

  test("of thimble build is its option --time-limit; nothing is written", () => {
    const folder = scratchFolder();
    // Hundreds of samples for the search.
    const rows = Array.from({ length: 3000 }, (_, i) =>
      Array.from({ length: 64 }, (_, j) => (i * j) % 17).join(","),
    );
    const names = Array.from({ length: 64 }, (_, i) => `c${i}`).join(",");
    writeFileSync(join(folder, "rows.csv"), [names, ...rows].join("\n"));
    const model = modelPath("networks/digits_cnn.onnx");
    const args = ["build", model, "--calibration", "rows.csv", "-o", "out", "--time-limit", "1"];
    const { status, stderr } = thimble(args, { cwd: folder });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^thimble build: .*expected a build within 1 s of processor time \(--time-limit\), found/,
    );
    assert.equal(existsSync(join(folder, "out")), false);
  });
});
