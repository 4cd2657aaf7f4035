/** A model may call its own tensors and nodes whatever the compiler calls what it makes. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { importModel, openSource } from "../host/compiler/import/index.ts";
import { passes } from "../host/compiler/passes/index.ts";
import { lower } from "../host/compiler/plan/lower.ts";
import { planMemory } from "../host/compiler/plan/memory.ts";
import { chooseRanges } from "../host/compiler/quantize/choose_ranges.ts";
import { quantizeGraph } from "../host/compiler/quantize/quantize.ts";
import { refine } from "../host/compiler/quantize/refine.ts";
import { scaleInputs } from "../host/compiler/quantize/scale_inputs.ts";
import { scaleTrees } from "../host/compiler/quantize/scale_trees.ts";
import { observeGraph } from "../host/compiler/quantize/search.ts";
import { seededInputs } from "../host/compiler/verify/vectors.ts";
import { randomOf } from "../host/fleet/simulator/random.ts";
import { elements, type Graph, type Node, type Tensor, tensorOf } from "../host/ir/graph.ts";
import { checkGraph, checkQuantized } from "../host/ops/spec.ts";
import { compileGraph } from "../host/pipeline.ts";
import { runReference } from "../host/runtime/engines/reference.ts";
import { v8 } from "../host/runtime/engines/v8.ts";
import { modelPath } from "./support/models.ts";

const MODELS = [
  "wine_dense.onnx",
  "logistic_regression.onnx",
  "networks/mlp.h5",
  "networks/branches_cnn.onnx",
  "networks/squeeze_excite_cnn.keras",
  "networks/motion_dilated_cnn.onnx",
  "networks/branches_cnn.int8.tflite",
  "recurrent/lstm.onnx",
  "trees/gradient_boosting_binary.onnx",
];

/** Elements of a decoy. */
const SIZE = 3;
/** As many inputs as a concatenation takes. */
const MAX_JOINED = 64;

/** Seeded rows for each input of its own, so that an input more changes none. */
function samplesOf({ inputs, tensors }: Graph): Float32Array[][] {
  const row = (input: number, sample: number): Float32Array => {
    const next = randomOf(100 * sample + input + 1);
    return new Float32Array(elements(tensors.get(inputs[input]!)!.shape)).map(() => next() / 2 ** 31 - 1);
  };
  return Array.from({ length: 6 }, (_, sample) => inputs.map((_, input) => row(input, sample)));
}

/** Everything that the pipeline makes of a model, up to the plan; each pass's graph, too. */
function stagesOf(imported: Graph): { graphs: Graph[]; made: string[] } {
  const graphs = [imported];
  const add = (graph: Graph): Graph => {
    graphs.push(graph);
    return graph;
  };
  let graph = imported;
  for (const pass of passes) graph = add(checkGraph(pass.run(graph), pass.name));
  if (graph.inputs.some((name) => tensorOf(graph, name).dtype === "float32")) {
    // The search would choose by the outputs of the decoys too: each of its steps as it stands.
    const samples = samplesOf(graph);
    graph = add(scaleInputs(add(scaleTrees(graph, samples).graph), samples));
    const { histograms } = observeGraph(graph, samples);
    const float = graph;
    graph = add(quantizeGraph(float, chooseRanges(float, histograms, samples, "minmax")));
    graph = add(refine(float, graph, samples, { rounding: true, biasCorrection: true }));
  }
  const program = lower(checkQuantized(graph, "quantize"));
  planMemory(program);
  const names = ({ tensors, nodes }: Graph): string[] => [
    ...tensors.keys(),
    ...nodes.map(({ name }) => name),
  ];
  const own = new Set(names(imported));
  const all = [
    ...graphs.flatMap(names),
    ...program.constants.map(({ name }) => name),
    ...program.scratch.keys(),
  ];
  return { graphs, made: [...new Set(all)].filter((name) => !own.has(name)) };
}

/** The graph, and beside it a node and a tensor of each name, which have an input of their own. */
function withDecoys(graph: Graph, names: readonly string[]): Graph {
  const like = tensorOf(graph, graph.inputs[0]!);
  const tensor = (name: string): Tensor => ({
    name,
    dtype: like.dtype,
    shape: [1, SIZE],
    ...(like.quantization && { quantization: like.quantization }),
  });
  const input = "the decoys' own input";
  const nodes: Node[] = names.map((name) => ({
    name,
    op: "relu",
    inputs: [input],
    outputs: [name],
    attributes: { activation: "relu" },
  }));
  const joined = Array.from({ length: Math.ceil(names.length / MAX_JOINED) }, (_, i) => {
    const inputs = names.slice(i * MAX_JOINED, (i + 1) * MAX_JOINED);
    const output = `the decoys together ${i}`;
    const shape = [1, SIZE * inputs.length];
    const node = { name: output, op: "concatenation", inputs, outputs: [output], attributes: { axis: 1 } };
    return { node, tensor: { ...tensor(output), shape } };
  });
  return {
    ...graph,
    tensors: new Map([
      ...graph.tensors,
      ...[input, ...names].map((name) => [name, tensor(name)] as const),
      ...joined.map(({ tensor }) => [tensor.name, tensor] as const),
    ]),
    nodes: [...graph.nodes, ...nodes, ...joined.map(({ node }) => node)],
    inputs: [...graph.inputs, input],
    outputs: [...graph.outputs, ...joined.map(({ tensor }) => tensor.name)],
  };
}

/** Two functions of one input that are joined: one of them has to be rescaled. */
function joinedFunctions(): Graph {
  const tensor = (name: string, size: number): Tensor => ({ name, dtype: "float32", shape: [1, size] });
  const tensors = [tensor("x", 2), tensor("a", 2), tensor("b", 2), tensor("out", 4)];
  const node = (name: string, op: string, inputs: string[], output: string, attributes = {}): Node => ({
    name,
    op,
    inputs,
    outputs: [output],
    attributes,
  });
  return {
    name: "joined",
    tensors: new Map(tensors.map((each) => [each.name, each])),
    nodes: [
      node("f", "logistic", ["x"], "a"),
      node("h", "tanh", ["x"], "b"),
      node("join", "concatenation", ["a", "b"], "out", { axis: 1 }),
    ],
    inputs: ["x"],
    outputs: ["out"],
  };
}

const importFile = async (file: string): Promise<Graph> =>
  importModel(await openSource(modelPath(file)), "model");
const cases = [
  { model: "joined functions", load: async () => joinedFunctions() },
  ...MODELS.map((model) => ({ model, load: () => importFile(model) })),
];

for (const { model, load } of cases)
  describe(model, () => {
    let imported: Graph;
    let plain: ReturnType<typeof stagesOf>;
    let decoyed: ReturnType<typeof stagesOf>;
    before(async () => {
      imported = checkGraph(await load(), "import");
      plain = stagesOf(imported);
      decoyed = stagesOf(withDecoys(imported, plain.made));
    });

    test("the compiler makes names, and no two things have one", () => {
      assert.ok(plain.made.length > 0);
      for (const { nodes } of decoyed.graphs)
        assert.equal(new Set(nodes.map(({ name }) => name)).size, nodes.length);
    });

    test("the outputs are what they were", async () => {
      const [graph, other] = [plain.graphs.at(-1)!, decoyed.graphs.at(-1)!];
      const vectors = [1, 2, 3].map((seed) => seededInputs(other, seed));
      const outputs = runReference(other, vectors);
      const expected = runReference(
        graph,
        vectors.map((vector) => vector.slice(0, graph.inputs.length)),
      );
      assert.deepEqual(
        outputs.map((vector) => vector.slice(0, graph.outputs.length)),
        expected,
      );
      // What has the names of ours is one function of one input.
      for (const vector of outputs) {
        const decoys = Buffer.concat(vector.slice(graph.outputs.length));
        const bytes = decoys.length / plain.made.length;
        for (let at = 0; at < decoys.length; at += bytes)
          assert.deepEqual(decoys.subarray(at, at + bytes), decoys.subarray(0, bytes));
      }
      if (model !== MODELS[0]) return;
      const module = await compileGraph(other, "release");
      assert.deepEqual(await v8.run(module, vectors), outputs);
    });
  });
