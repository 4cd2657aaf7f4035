/** Faults put into real modules on a real engine: each is found, and the message says where it lies. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileModule } from "../../../host/compiler/compile/index.ts";
import { emitAssemblyScript } from "../../../host/compiler/emit/assemblyscript.ts";
import { lower } from "../../../host/compiler/plan/lower.ts";
import { type MemoryPlan, planMemory } from "../../../host/compiler/plan/memory.ts";
import { type Verification, verify } from "../../../host/compiler/verify/ladder.ts";
import type { BuildTrace } from "../../../host/compiler/verify/trace.ts";
import { standardVectors } from "../../../host/compiler/verify/vectors.ts";
import { type Graph, ModelError, tensorOf, toBytes } from "../../../host/ir/graph.ts";
import { type Engine, EngineError } from "../../../host/module/engine.ts";
import { functionSizes, readExports, readSections, SECTION } from "../../../host/module/sections.ts";
import { inBlocks } from "../../../host/ops/layout.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { DENSE, graphOf, int8, int8Weights, int32Bias, NONE, node } from "../../support/graphs.ts";

const availability = await wasm3.availability();
const skipWasm3 = availability.available ? false : `wasm3 is missing: ${availability.reason}`;

/** Four layers; no zero among the weights, so that they stand in the module as they are. */
const dense = (name: string, seed: number, shape: readonly number[]) => {
  const weights = int8Weights(name, shape, seed, 0.004);
  return { ...weights, data: weights.data!.map((value) => value || 1) as Int8Array };
};
const graph = graphOf({
  tensors: [
    int8("image", [1, 12], 0.04, -3),
    dense("w1", 1, [10, 12]),
    int32Bias("b1", 10, 2),
    int8("hidden", [1, 10], 0.06, 1),
    dense("w2", 3, [8, 10]),
    int8("scores", [1, 8], 0.05, 4),
    int8("flat", [8], 0.05, 4),
    int8("classes", [8], 1 / 256, -128),
  ],
  nodes: [
    node("fully_connected", ["image", "w1", "b1"], "hidden", DENSE, "first"),
    node("fully_connected", ["hidden", "w2"], "scores", DENSE, "second"),
    node("reshape", ["scores"], "flat", { shape: [8] }, "third"),
    node("softmax", ["flat"], "classes", { beta: 1 }, "fourth"),
  ],
  inputs: ["image"],
  outputs: ["classes"],
});
const vectors = standardVectors(graph, 8);
const trace: BuildTrace = (each) => compileGraph(each, "debug");

/** The engine with every module damaged on its way in. */
const damaging = (damage: (module: Uint8Array) => void, engine: Engine = v8): Engine => ({
  ...engine,
  run(module, inputs) {
    const copy = module.slice();
    damage(copy);
    return engine.run(copy, inputs);
  },
});

/** Where `bytes` stand in the module, once. */
function find(module: Uint8Array, bytes: Uint8Array): number {
  const at = Buffer.from(module).indexOf(bytes);
  assert.ok(at > 0, "the bytes are not in the module");
  assert.equal(Buffer.from(module).indexOf(bytes, at + 1), -1, "the bytes are in the module twice");
  return at;
}

/** Spoils what an input has in the first output: weights are stored in blocks of four outputs. */
const flipWeight = (name: string, input: number) => (module: Uint8Array) => {
  const { data, shape } = tensorOf(graph, name);
  const at = find(module, toBytes(inBlocks(data!, shape[0]!)));
  module[at + 4 * input]! ^= 0x40;
};

async function complaint(engine: Engine, module?: Uint8Array, of: Graph = graph): Promise<string> {
  const vectorsOf = of === graph ? vectors : standardVectors(of, 4);
  try {
    await verify(of, module ?? (await compileGraph(of)), vectorsOf, [engine], trace);
  } catch (error) {
    assert.ok(error instanceof ModelError, `${error}`);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return "nothing";
}

describe("a sound module", () => {
  test("passes on V8", async () => {
    const found = await verify(graph, await compileGraph(graph), vectors, [v8], trace);
    assert.equal(found.vectors, 13);
    assert.deepEqual(
      found.engines.map(({ engine }) => engine),
      ["v8"],
    );
  });

  test("passes on wasm3", { skip: skipWasm3 }, async () => {
    assert.equal(await complaint(wasm3), "nothing");
  });
});

describe("one wrong byte of a weight", () => {
  for (const [layer, tensor, weights] of [
    ["first", "hidden", "w1"],
    ["second", "scores", "w2"],
  ] as const) {
    test(`of the ${layer} layer`, async () => {
      const message = await complaint(damaging(flipWeight(weights, 7)));
      assert.match(
        message,
        /^v8 differs from the reference on vector ".+", output classes: first in tensor /,
      );
      assert.match(
        message,
        new RegExp(`first in tensor ${tensor} of layer ${layer}, byte 0: expected -?\\d+, found -?\\d+$`),
      );
    });
  }

  test("on wasm3 alone", { skip: skipWasm3 }, async () => {
    const engines = [v8, damaging(flipWeight("w2", 7), wasm3)];
    await assert.rejects(
      async () => verify(graph, await compileGraph(graph), vectors, engines, trace),
      /^ModelError: wasm3 differs from the reference .* first in tensor scores of layer second, byte 0/,
    );
  });
});

describe("a wrong kernel", () => {
  /** i64.const 31, i64.shr_s: the end of a doubling high multiplication. With 30 its results are twice as large. */
  const SHIFT = [0x42, 0x1f, 0x87];

  function spoil(module: Uint8Array, kernel: string): void {
    const { index } = readExports(module).find(({ name }) => name === kernel)!;
    const sizes = functionSizes(module);
    const code = readSections(module).find(({ id }) => id === SECTION.code)!;
    const start = sizes.slice(0, index).reduce((sum, size) => sum + size, code.start + 1);
    let patched = 0;
    for (let at = start; at < start + sizes[index]!; at++) {
      if (!SHIFT.every((byte, i) => module[at + i] === byte)) continue;
      module[at + 1]! -= 1;
      patched++;
    }
    assert.ok(patched > 0);
  }

  for (const [kernel, tensor, layer] of [
    ["fully_connected_s8.2", "hidden", "first"],
    ["softmax_s8.1", "classes", "fourth"],
  ]) {
    test(`${kernel} is found in the first layer that it spoils`, async () => {
      const message = await complaint(damaging((module) => spoil(module, `kernel.${kernel}`)));
      assert.match(message, new RegExp(`first in tensor ${tensor} of layer ${layer}, byte \\d+: expected`));
    });
  }
});

describe("a wrong memory plan", () => {
  const skip = graphOf({
    tensors: [int8("x", [8]), int8("a", [8]), int8("b", [8]), int8("y", [8])],
    nodes: [
      node("relu", ["x"], "a", { activation: "relu" }, "first"),
      node("relu", ["a"], "b", { activation: "relu6" }, "second"),
      node("sub", ["a", "b"], "y", NONE, "third"),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });

  test("is told apart from a wrong layer", async () => {
    const program = lower(skip);
    const plan = planMemory(program);
    // b is written over a, which is still needed.
    const wrong: MemoryPlan = { ...plan, tensors: new Map(plan.tensors).set("b", plan.tensors.get("a")!) };
    const provenance = { name: "n", version: "1.0.0", sourceFile: "f", sourceSha256: "", compiler: "c" };
    const module = await compileModule(
      emitAssemblyScript(program, wrong, provenance, []),
      program,
      wrong,
      undefined,
    );
    assert.match(
      await complaint(v8, module, skip),
      /^v8 differs .* output y: no layer differs when each keeps its own memory: the memory plan is at fault$/,
    );
  });
});

test("a fault in a model of more layers than an engine has outputs for", async () => {
  const count = 70;
  const name = (i: number): string => (i === 0 ? "x" : `t${i}`);
  const constants = Array.from({ length: count }, (_, i) => dense(`c${i}`, i + 1, [16]));
  const long = graphOf({
    tensors: [
      int8("x", [16], 0.05, 0),
      ...constants,
      ...constants.map((_, i) => int8(name(i + 1), [16], 0.05, 0)),
    ],
    nodes: constants.map((_, i) => node("add", [name(i), `c${i}`], name(i + 1), NONE, `layer${i}`)),
    inputs: ["x"],
    outputs: [name(count)],
  });
  const engine = damaging((module) => {
    const at = find(module, toBytes(constants[66]!.data));
    module[at + 3]! ^= 0x70;
  });
  assert.match(await complaint(engine, undefined, long), /first in tensor t67 of layer layer66, byte 3:/);
});

describe("engines", () => {
  const missing: Engine = {
    name: "wasm3",
    availability: async () => ({ available: false, reason: "no compiler", install: "install one" }),
    run: () => assert.fail("a missing engine was run"),
    selfTest: () => assert.fail("a missing engine was run"),
  };

  test("one that is missing is reported as missing", async () => {
    const module = await compileGraph(graph);
    const found: Verification = await verify(graph, module, vectors, [missing, v8], trace);
    assert.deepEqual(found.engines[0], {
      engine: "wasm3",
      availability: { available: false, reason: "no compiler", install: "install one" },
    });
    assert.equal(found.engines[1]!.availability.available, true);
  });

  test("one that fails says so itself", async () => {
    const failing: Engine = {
      ...v8,
      run: () => Promise.reject(new EngineError("v8", "vector 0: invoke: [trap]")),
    };
    await assert.rejects(
      verify(graph, new Uint8Array(), vectors, [failing], trace),
      /^EngineError: v8: vector 0/,
    );
  });

  test("one that gives fewer outputs than it should has not passed", async () => {
    const lazy: Engine = { ...v8, run: async (module, inputs) => (await v8.run(module, inputs)).slice(0, 5) };
    assert.match(await complaint(lazy), /^v8 differs from the reference on vector "random, seed 1"/);
  });
});
