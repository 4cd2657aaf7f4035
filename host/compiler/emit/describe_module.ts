import { createHash } from "node:crypto";
import { tensorOf } from "../../ir/graph.ts";
import { graphToJson } from "../../ir/serialize.ts";
import {
  type FeatureInfo,
  type LayerInfo,
  METADATA_VERSION,
  type Metadata,
  type SelfTestVector,
  type Statistics,
  type TensorInfo,
} from "../../module/metadata.ts";
import { type BorderTensor, borderOf } from "../../ops/border.ts";
import { bordersOf } from "../../ops/graph_borders.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { exportName } from "../plan/kernels.ts";
import type { Program } from "../plan/lower.ts";
import type { MemoryPlan } from "../plan/memory.ts";
import type { LayerTuning, Tuning } from "../tune/tune.ts";
import type { Provenance } from "./assemblyscript.ts";

/** In float32, as the values were: more digits would be bytes of the module that say nothing. */
const rounded = ({ min, max, mean, deviation }: Statistics): Statistics => ({
  min: Math.fround(min),
  max: Math.fround(max),
  mean: Math.fround(mean),
  deviation: Math.fround(deviation),
});

/** Constant bytes by layer; a table that layers share counts for the first. */
function constantBytes(program: Program): Map<string, { weights: number; tables: number }> {
  const counted = new Set<string>();
  const sizes = new Map(program.constants.map(({ name, data }) => [name, data.byteLength]));
  const byLayer = new Map<string, { weights: number; tables: number }>();
  for (const call of program.calls) {
    const sum = byLayer.get(call.node) ?? { weights: 0, tables: 0 };
    call.arguments.forEach((argument, i) => {
      if (argument.kind !== "constant" || counted.has(argument.name)) return;
      counted.add(argument.name);
      const isWeight = ["weights", "bias", "a", "b"].includes(call.kernel.parameters[i]!);
      sum[isWeight ? "weights" : "tables"] += sizes.get(argument.name)!;
    });
    byLayer.set(call.node, sum);
  }
  return byLayer;
}

/** The part of a layer's tuning that is worth its bytes in the module. */
function chosen(tuning: LayerTuning | undefined): Pick<LayerInfo, "tile" | "inPlace" | "cost"> {
  if (!tuning || tuning.kernels.length === 0) return {};
  return {
    ...(tuning.tile !== undefined && { tile: tuning.tile }),
    ...(tuning.inPlace && { inPlace: true }),
    cost: [tuning.instructions.native, tuning.instructions.portable],
  };
}

function layers(program: Program, tuning: Tuning | undefined): LayerInfo[] {
  const bytes = constantBytes(program);
  const tuned = new Map(tuning?.layers.map((layer) => [layer.name, layer]));
  return program.graph.nodes.map((node) => {
    const kernels = program.calls
      .filter((call) => call.node === node.name)
      .map((call) => exportName(call.kernel));
    return {
      name: node.name,
      op: node.op,
      shape: tensorOf(program.graph, node.outputs[0]!).shape,
      kernels: [...new Set(kernels)],
      macs: operatorOf(node.op).macs(bind(program.graph, node)),
      weights: bytes.get(node.name)?.weights ?? 0,
      tables: bytes.get(node.name)?.tables ?? 0,
      ...chosen(tuned.get(node.name)),
    };
  });
}

function featuresOf({ graph }: Program, plan: MemoryPlan, name: string): FeatureInfo {
  const { dtype, shape, ...tensor } = tensorOf(graph, name);
  const { scale, zeroPoint } = borderOf({ ...tensor, dtype, shape });
  return { name, dtype, shape, scale, zeroPoint, offset: plan.tensors.get(name)! };
}

/** The metadata of a module: what each tensor and layer is, what was chosen for it, and where it came from. */
export function describeModule(
  program: Program,
  plan: MemoryPlan,
  provenance: Provenance,
  statistics: ReadonlyMap<string, Statistics>,
  selfTest: readonly SelfTestVector[],
  tuning?: Tuning,
): Metadata {
  const { graph } = program;
  const { task, inputs, outputs } = bordersOf(graph);
  const info = (tensor: BorderTensor): TensorInfo => {
    const seen = statistics.get(tensor.name);
    const { categories } = tensorOf(graph, tensor.name);
    return { ...tensor, ...(seen && { statistics: rounded(seen) }), ...(categories && { categories }) };
  };
  return {
    version: METADATA_VERSION,
    model: { name: provenance.name, version: provenance.version },
    source: { file: provenance.sourceFile, sha256: Buffer.from(provenance.sourceSha256, "hex") },
    compiler: provenance.compiler,
    graph: createHash("sha256").update(graphToJson(graph)).digest(),
    ...(task && { task }),
    ...(graph.features !== undefined && { features: featuresOf(program, plan, graph.features) }),
    inputs: inputs.map(info),
    outputs: outputs.map(info),
    layers: layers(program, tuning),
    memory: {
      constants: plan.constantBytes,
      arena: plan.arena.bytes,
      lowerBound: plan.arena.lowerBound,
      total: plan.memoryBytes,
    },
    ...(tuning && {
      tuning: {
        board: tuning.board.name,
        optimize: tuning.optimize,
        ram: [tuning.ramBytes.native, tuning.ramBytes.portable] as const,
      },
    }),
    selfTest,
  };
}
