/** Compiled modules: what they export, which kernels they hold and how, and that builds repeat. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileAssemblyScript } from "../../../host/compiler/compile/asc.ts";
import { compileModule } from "../../../host/compiler/compile/index.ts";
import { disassemble } from "../../../host/compiler/compile/optimize.ts";
import { emitAssemblyScript } from "../../../host/compiler/emit/assemblyscript.ts";
import { exportName } from "../../../host/compiler/plan/kernels.ts";
import { lower, type Program } from "../../../host/compiler/plan/lower.ts";
import { type MemoryPlan, planMemory } from "../../../host/compiler/plan/memory.ts";
import { seededInputs } from "../../../host/compiler/verify/vectors.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { functionSizes, readExports, readSections } from "../../../host/module/sections.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { graphOf, int8, int8Weights, NONE, node } from "../../support/graphs.ts";
import { simplifiedCase, vectorCase } from "../../support/models.ts";

const network = (ending: string): Graph => simplifiedCase(vectorCase("networks", ending));
const kernelsOf = (module: Uint8Array): string[] =>
  readExports(module)
    .map(({ name }) => name)
    .filter((name) => name.startsWith("kernel."))
    .sort();

const plain = network("plain");
const module = await compileGraph(plain);

describe("exports", () => {
  test("those of ABI v2, and kernels by name and version", () => {
    assert.deepEqual(
      readExports(module)
        .map(({ name, kind }) => `${kind} ${name}`)
        .sort(),
      [
        "func invoke",
        "func kernel.conv2d_s8.2",
        "func kernel.depthwise_conv2d_s8.2",
        "func kernel.fully_connected_s8.2",
        "func kernel.max_pool2d_s8.1",
        "func kernel.softmax_s8.1",
        "global abi",
        "global constants",
        "global input_0",
        "global input_0_bytes",
        "global memory_bytes",
        "global output_0",
        "global output_0_bytes",
        "memory memory",
      ],
    );
  });

  test("without a self-test there is none", async () => {
    assert.equal(await v8.selfTest(module), undefined);
  });

  test("memory is as large as it has to be, and can't grow", () => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)));
    const memory = exports["memory"] as WebAssembly.Memory;
    assert.equal(memory.buffer.byteLength, 65536);
    assert.throws(() => memory.grow(1), RangeError);
  });
});

describe("kernels", () => {
  test("a model that uses no softmax has none, and so for the others", async () => {
    assert.deepEqual(kernelsOf(await compileGraph(network("three_inputs"))), [
      "kernel.add_s8.1",
      "kernel.mul_s8.1",
    ]);
  });

  for (const ending of ["plain", "two_inputs", "activations_apart"]) {
    test(`stay functions of their own that invoke calls, so that a host can bind its own: ${ending}`, async () => {
      const graph = network(ending);
      const text = await disassemble(await compileGraph(graph));
      const functionNamed = (name: string): string => {
        const escaped = name.replaceAll(".", "\\.");
        const found = new RegExp(`\\(export "${escaped}" \\(func (\\S+)\\)\\)`).exec(text)?.[1];
        assert.ok(found, `no export ${name}`);
        return found;
      };
      const start = text.indexOf(`\n (func ${functionNamed("invoke")} `);
      const end = text.indexOf("\n (func", start + 1);
      const body = text.slice(start, end > 0 ? end : undefined);
      assert.ok(start > 0);
      const { calls, kernels } = lower(graph);
      for (const kernel of kernels) {
        const expected = calls.filter((call) => call.kernel === kernel).length;
        const found = body.split(`(call ${functionNamed(exportName(kernel))}\n`).length - 1;
        assert.equal(found, expected, kernel.name);
      }
      assert.doesNotMatch(body, /\(loop/);
    });
  }

  test("names of functions are not in the module", () => {
    assert.deepEqual(
      readSections(module).filter(({ name }) => name !== undefined),
      [],
    );
    assert.ok(functionSizes(module).length >= 6);
  });
});

describe("builds repeat", () => {
  test("the same bytes again, also after a debug build", async () => {
    const debug = await compileGraph(plain, "debug");
    assert.deepEqual(await compileGraph(plain), module);
    const vectors = [seededInputs(plain, 1)];
    assert.deepEqual(await v8.run(debug, vectors), await v8.run(module, vectors));
  });
});

describe("addresses", () => {
  const graph = graphOf({
    tensors: [int8("x", [4]), int8Weights("c", [4]), int8("y", [4])],
    nodes: [node("add", ["x", "c"], "y", NONE)],
    inputs: ["x"],
    outputs: ["y"],
  });
  const provenance = { name: "n", version: "1.0.0", sourceFile: "f", sourceSha256: "", compiler: "c" };
  const program = lower(graph);
  const plan = planMemory(program);
  const compile = (emitted: MemoryPlan, checked: MemoryPlan): Promise<Uint8Array> =>
    compileModule(emitAssemblyScript(program, emitted, provenance, []), program, checked, undefined);

  test("the compiler's are the plan's", async () => {
    assert.deepEqual(
      await v8.run(await compile(plan, plan), [[new Uint8Array(4)]]),
      runReference(graph, [[new Uint8Array(4)]]).map((outputs) =>
        outputs.map((bytes) => new Uint8Array(bytes)),
      ),
    );
  });

  test("or the build stops", async () => {
    const moved = (name: string): MemoryPlan => ({
      ...plan,
      tensors: new Map(plan.tensors).set(name, plan.tensors.get(name)! + 8),
    });
    await assert.rejects(
      compile(plan, moved("x")),
      /^Error: compiled module: input_0: expected \d+, found \d+$/,
    );
    await assert.rejects(compile(plan, moved("y")), /^Error: compiled module: output_0: expected/);
    await assert.rejects(
      compile({ ...plan, constantsOffset: plan.constantsOffset + 8 }, plan),
      /^Error: compiled module: (memory_bytes|constants): expected/,
    );
  });

  test("a model of several pages of memory", async () => {
    const large: Program["graph"] = graphOf({
      tensors: [int8("x", [70_000]), int8("y", [70_000])],
      nodes: [node("relu", ["x"], "y", { activation: "relu" })],
      inputs: ["x"],
      outputs: ["y"],
    });
    const { exports } = new WebAssembly.Instance(
      new WebAssembly.Module(new Uint8Array(await compileGraph(large))),
    );
    assert.equal((exports["memory"] as WebAssembly.Memory).buffer.byteLength, 3 * 65536);
  });
});

describe("AssemblyScript", () => {
  test("that does not compile stops the build with the compiler's message", async () => {
    await assert.rejects(
      compileAssemblyScript("export const a: i32 = b;", "release", 1),
      /Cannot find name 'b'/,
    );
  });

  test("may import from assembly/ and from nowhere else", async () => {
    for (const path of [
      "thimble/host/root",
      "thimble/assembly/../host/root",
      "./model2",
      "/etc/passwd",
      "assemblyscript/std",
    ]) {
      const source = `import { a } from "${path}"; export const b: i32 = a;`;
      await assert.rejects(compileAssemblyScript(source, "release", 1), /refused the emitted model/, path);
    }
  });
});
