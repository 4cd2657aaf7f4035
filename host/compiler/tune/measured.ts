/**
 * Costs of candidates measured in QEMU instead of predicted, each once for all: what was measured is remembered in
 * build/tune, by the kernels' sources and by what the layer is.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { firmwareAvailability } from "../../firmware/qemu_build.ts";
import { type Graph, ModelError, tensorOf } from "../../ir/graph.ts";
import { EngineError } from "../../module/engine.ts";
import type { Choice, Choices } from "../../ops/lowering.ts";
import { root } from "../../root.ts";
import type { Candidate, LayerCandidates } from "./candidates.ts";
import type { ByKernels } from "./cost.ts";
import { sourcesHash } from "./kernel_hash.ts";
import { type CompileGraph, type Layer, layerSubject, measureBoth, splitLayers } from "./measure.ts";

/** Compiles a graph as chosen: `compileGraph` of host/pipeline.ts. */
export type CompileChoices = (graph: Graph, choices: Choices) => Promise<Uint8Array>;

/** Instructions of one inference of a layer that is computed as chosen. */
export type MeasureLayer = (layer: Layer, choice: Choice) => Promise<ByKernels>;

/** In QEMU. Throws EngineError where it is missing. */
export const measureInQemu =
  (compile: CompileChoices): MeasureLayer =>
  async (layer, choice) => {
    const compileLayer: CompileGraph = (graph) => compile(graph, new Map([[layer.node.name, choice]]));
    const { native, portable } = await measureBoth(await layerSubject(layer, compileLayer));
    return { native: native.instructions[0]!, portable: portable.instructions[0]! };
  };

/** Throws EngineError, with one line for the user who asked for measurements, where they can't be made here. */
export async function requireQemu(): Promise<void> {
  const availability = await firmwareAvailability();
  if (availability.available) return;
  throw new EngineError("qemu", `--tune measure: ${availability.reason}; install: ${availability.install}`);
}

/**
 * Everything that a layer's cost depends on: operator, attributes, shapes and quantisation of its tensors, and the choice.
 * Values of weights matter by less than a percent, and are left out: then layers of one shape are measured once.
 */
function describeLayer({ node, graph }: Layer, choice: Choice): string {
  const tensors = [...node.inputs, ...node.outputs].map((name) => {
    if (name === "") return undefined;
    const { dtype, shape, quantization, data } = tensorOf(graph, name);
    const perChannel = (quantization?.scales.length ?? 0) > 1;
    return [dtype, shape, data !== undefined, perChannel, perChannel ? [] : quantization?.zeroPoints];
  });
  return JSON.stringify([node.op, Object.entries(node.attributes).sort(), tensors, choice]);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The file's contents, or undefined where it is not there or was not written to its end. */
function recall(file: string): ByKernels | undefined {
  try {
    const { native, portable } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    return isCount(native) && isCount(portable) ? { native, portable } : undefined;
  } catch {
    return undefined;
  }
}

/** `measure` with a memory in files of `folder`. */
export function remembering(
  measure: MeasureLayer,
  folder: string = join(root, "build", "tune"),
  kernels: string = sourcesHash(),
): MeasureLayer {
  return async (layer, choice) => {
    const key = createHash("sha256")
      .update(`${kernels}\n${describeLayer(layer, choice)}`)
      .digest("hex");
    const file = join(folder, `${key.slice(0, 32)}.json`);
    const known = recall(file);
    if (known) return known;
    const found = await measure(layer, choice);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify({ ...found, layer: describeLayer(layer, choice) })}\n`);
    return found;
  };
}

/** Every measurement is a module to compile and to run: of the sizes of tiles only these. */
function isWorthMeasuring(candidates: readonly Candidate[], { choice }: Candidate): boolean {
  const tiles = [...new Set(candidates.map((each) => each.choice.tile))].sort((a, b) => b - a);
  const position = tiles.indexOf(choice.tile);
  return (
    choice.kernel === "small" || position === tiles.length - 1 || Number.isInteger(Math.log2(position + 1))
  );
}

/** Candidates with the instructions that `measure` finds; those not worth measuring are left out. */
export async function measureCandidates(
  graph: Graph,
  layers: readonly LayerCandidates[],
  measure: MeasureLayer,
): Promise<LayerCandidates[]> {
  const alone = splitLayers(graph);
  const measured: LayerCandidates[] = [];
  for (const [i, layer] of layers.entries()) {
    const candidates: Candidate[] = [];
    for (const candidate of layer.candidates) {
      if (layer.calls.length > 0 && !isWorthMeasuring(layer.candidates, candidate)) continue;
      const instructions =
        layer.calls.length > 0 ? await measure(alone[i]!, candidate.choice) : candidate.instructions;
      candidates.push({ ...candidate, instructions });
    }
    if (candidates.length === 0) throw new ModelError(`node ${layer.node.name}: expected a candidate`);
    measured.push({ ...layer, candidates });
  }
  return measured;
}
