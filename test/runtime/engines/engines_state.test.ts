/** States between inferences: every engine carries them from vector to vector, and each run starts anew. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileModule } from "../../../host/compiler/compile/index.ts";
import { emitAssemblyScript } from "../../../host/compiler/emit/assemblyscript.ts";
import { lower } from "../../../host/compiler/plan/lower.ts";
import { planMemory } from "../../../host/compiler/plan/memory.ts";
import { verify } from "../../../host/compiler/verify/ladder.ts";
import { seededInputs, standardVectors } from "../../../host/compiler/verify/vectors.ts";
import { type Graph, statesOf, type Tensor, tensorOf } from "../../../host/ir/graph.ts";
import { graphFromJson, graphToJson } from "../../../host/ir/serialize.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { qemu, qemuCortexM } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { simplifiedCase, type VectorCase, vectorCase } from "../../support/models.ts";

/** The hidden state of the second has a zero point, so that it does not start as bytes of 0. */
const CASES: readonly VectorCase[] = [vectorCase("svdf", "10x6_rank1_memory10"), vectorCase("lstm", "5x4x4")];

/** A module with a self-test of two vectors, each expected as from the start. */
async function withSelfTest(graph: Graph): Promise<Uint8Array> {
  const program = lower(graph);
  const tests = [1, 2].map((seed) => ({
    seed,
    outputs: runReference(graph, [seededInputs(graph, seed)])[0]!,
  }));
  const plan = planMemory(program);
  const provenance = {
    name: "state",
    version: "1.0.0",
    sourceFile: "-",
    sourceSha256: "-",
    compiler: "tests",
  };
  return compileModule(emitAssemblyScript(program, plan, provenance, tests), program, plan, undefined);
}

for (const testCase of CASES) {
  const graph = simplifiedCase(testCase);
  const inputs = testCase.vectors.map((vector) => vector.inputs);
  const outputs = testCase.vectors.map((vector) => vector.outputs);

  describe(`${testCase.name} keeps its states`, () => {
    for (const engine of [v8, wasm3, qemu, qemuCortexM]) {
      test(`on ${engine.name}, in each of two runs`, async (context) => {
        const availability = await engine.availability();
        if (!availability.available) return context.skip(availability.reason);
        const module = await compileGraph(graph);
        for (let run = 0; run < 2; run++) {
          const found = await engine.run(module, inputs);
          assert.deepEqual(
            found.map(([bytes]) => [...bytes!]),
            outputs.map(([bytes]) => [...bytes!]),
          );
        }
      });
    }

    test("in the JSON text of the graph", () => {
      const restored = checkGraph(graphFromJson(graphToJson(graph)), "JSON");
      assert.equal(statesOf(restored).length, statesOf(graph).length);
      assert.deepEqual(runReference(restored, inputs), runReference(graph, inputs));
    });

    test("and its self-test leaves them as they are at the start", async () => {
      const { exports } = new WebAssembly.Instance(
        new WebAssembly.Module(new Uint8Array(await withSelfTest(graph))),
      );
      const number = (name: string): number => (exports[name] as WebAssembly.Global).value as number;
      const memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
      const call = (name: string): number => (exports[name] as () => number)();
      assert.equal(call("self_test"), 0);
      memory.set(inputs[0]![0]!, number("input_0"));
      assert.equal(call("invoke"), 0);
      const at = number("output_0");
      assert.deepEqual([...memory.slice(at, at + number("output_0_bytes"))], [...outputs[0]![0]!]);
      assert.equal(call("self_test"), 0, "after an inference, too");
    });

    test("and the layer that goes wrong is named", async () => {
      const constant = [...graph.tensors.values()].find(({ dtype, data }) => dtype === "int32" && data)!;
      const bent: Tensor = { ...constant, data: constant.data!.map((x) => x ^ (1 << 28)) };
      const other = { ...graph, tensors: new Map(graph.tensors).set(bent.name, bent) };
      const trace = (traced: Graph): Promise<Uint8Array> =>
        compileGraph({ ...other, outputs: traced.outputs });
      await assert.rejects(verify(graph, await compileGraph(other), standardVectors(graph, 3), [v8], trace), {
        name: "ModelError",
        message: new RegExp(`of layer ${graph.nodes[0]!.name}, byte`),
      });
    });
  });
}

describe("a graph whose state is refused", () => {
  const graph = simplifiedCase(CASES[0]!);
  const [state] = statesOf(graph) as [Tensor];
  const withTensor = (tensor: Tensor): Graph => ({
    ...graph,
    tensors: new Map(graph.tensors).set(tensor.name, tensor),
  });

  test("nobody computes it", () => {
    assert.throws(
      () => checkGraph(withTensor({ ...state, next: "nothing" }), "test"),
      /to compute nothing for it alone/,
    );
  });

  test("it is of another type", () => {
    const next = { ...tensorOf(graph, state.next!), dtype: "int8" as const };
    assert.throws(() => checkGraph(withTensor(next), "test"), /expected|found/);
  });

  test("its next value is an output, too", () => {
    const both = { ...graph, outputs: [...graph.outputs, state.next!] };
    assert.throws(() => checkGraph(both, "test"), /for it alone/);
  });
});
