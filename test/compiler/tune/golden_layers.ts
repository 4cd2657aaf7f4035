/** Layers of real models, which the cost model was not fitted to, with what they were measured to cost. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importModel, readSource } from "../../../host/compiler/import/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { lower } from "../../../host/compiler/plan/lower.ts";
import type { ByKernels } from "../../../host/compiler/tune/cost.ts";
import { type Layer, splitLayers } from "../../../host/compiler/tune/measure.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { type Choice, SMALL } from "../../../host/ops/lowering.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { root } from "../../../host/root.ts";
import { benchModel } from "../../bench/inference_models.ts";

/** Models with int8 weights; those of MLPerf Tiny may be missing. */
const NAMES = ["kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "ad01_int8", "digits_int8"] as const;

export const modelFile = (name: string): string => benchModel(name).path;

export const loadGraph = (name: string): Graph =>
  simplify(checkGraph(importModel(readSource(modelFile(name)), name), "import"));

export const modelsHere = (): string[] => NAMES.filter((name) => existsSync(modelFile(name)));

/** Kernels twice: small, and fast with some of the pixels at a time. */
const CHOICES: readonly Choice[] = [SMALL, { kernel: "fast", tile: 24, inPlace: false }];

export interface GoldenLayer {
  /** Model, layer, and kernel as chosen. */
  readonly name: string;
  readonly layer: Layer;
  readonly choice: Choice;
}

/** One layer of each operator and shape of a model, as each choice has it. */
export function goldenLayers(model: string): GoldenLayer[] {
  const seen = new Set<string>();
  return splitLayers(loadGraph(model)).flatMap((layer) => {
    const { node, graph } = layer;
    const shapes = [...node.inputs, ...node.outputs].map((name) => graph.tensors.get(name)?.shape.join("x"));
    return CHOICES.flatMap((choice) => {
      const program = lower(graph, new Map([[node.name, choice]]));
      const key = `${program.kernels.map(({ name }) => name)} ${shapes}`;
      if (seen.has(key) || program.calls.length === 0) return [];
      seen.add(key);
      return [{ name: `${model} ${node.name} ${choice.kernel}`, layer, choice }];
    });
  });
}

const file = join(root, "test", "compiler", "tune", "golden_layers.csv");
const HEADER = "layer,native,portable";

export function readGoldenCosts(): Map<string, ByKernels> {
  const [, ...rows] = readFileSync(file, "utf8").trimEnd().split("\n");
  return new Map(
    rows.map((row) => {
      const [name, native, portable] = row.split(",") as [string, string, string];
      return [name, { native: Number(native), portable: Number(portable) }];
    }),
  );
}

export function writeGoldenCosts(costs: ReadonlyMap<string, ByKernels>): void {
  const rows = [...costs].map(([name, { native, portable }]) => `${name},${native},${portable}`);
  writeFileSync(file, `${[HEADER, ...rows].join("\n")}\n`);
}
