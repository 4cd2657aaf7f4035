/** Engines by name, or the graph that a module was made from. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BUDGETS } from "../budgets.ts";
import { type Graph, ModelError } from "../ir/graph.ts";
import { graphFromJson } from "../ir/serialize.ts";
import type { Engine, RunLimits } from "../module/engine.ts";
import type { Metadata } from "../module/metadata.ts";
import { checkGraph, checkQuantized } from "../ops/spec.ts";
import { qemu, qemuCortexM, qemuCortexM4 } from "../runtime/engines/qemu.ts";
import { v8 } from "../runtime/engines/v8.ts";
import { wasm3 } from "../runtime/engines/wasm3.ts";
import { UsageError, wholeNumber } from "./options.ts";

const ENGINES = {
  v8,
  wasm3,
  qemu,
  "qemu-cortex-m": qemuCortexM,
  "qemu-cortex-m4": qemuCortexM4,
} as const;
export type ChosenEngine = "reference" | keyof typeof ENGINES;
/** In the order in which help and messages list them. */
export const ENGINE_NAMES = ["reference", ...Object.keys(ENGINES)] as readonly ChosenEngine[];

/** An engine's name, as the value of an option. */
export function engineOption(option: string, text: string): ChosenEngine {
  const found = ENGINE_NAMES.find((name) => name === text);
  if (found === undefined)
    throw new UsageError(`${option}: expected ${ENGINE_NAMES.join(", ")}, found "${text}"`);
  return found;
}

/** The graph that `build` left beside the module, or none. Throws ModelError where it is another module's. */
export function findGraph(file: string, metadata: Metadata): Graph | undefined {
  const path = join(dirname(file), "model.graph.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const [expected, found] = [Buffer.from(metadata.graph), createHash("sha256").update(text).digest()];
  if (!found.equals(expected)) {
    const show = (hash: Buffer): string => `${hash.toString("hex").slice(0, 16)}...`;
    throw new ModelError(
      `${path}: expected the graph of this module (SHA-256 ${show(expected)}), found ${show(found)}`,
    );
  }
  return checkQuantized(checkGraph(graphFromJson(text), "reading"), "reading");
}

/** As `findGraph`, for the engine `reference`, which has nothing to run without it. */
export function graphBeside(file: string, metadata: Metadata): Graph {
  const graph = findGraph(file, metadata);
  if (graph) return graph;
  throw new ModelError(
    `the engine reference runs the graph, not the module: expected ${join(dirname(file), "model.graph.json")}, found none`,
  );
}

/** The option of commands that run a module. */
export const TIME_LIMIT_OPTION = { "time-limit": { type: "string" } } as const;

/** The limit of time of a module, by the value of that option: an endless loop has to end. */
export const limitsOption = (seconds: string | undefined): Required<RunLimits> => ({
  milliseconds:
    1000 * (seconds === undefined ? BUDGETS.inferenceSeconds : wholeNumber("--time-limit", seconds, 1)),
});

/** The engine of that name, within these limits. Throws ModelError where it can't run here. */
export async function availableEngine(
  name: Exclude<ChosenEngine, "reference">,
  limits: RunLimits,
): Promise<Engine> {
  const engine = ENGINES[name];
  const availability = await engine.availability();
  if (availability.available)
    return {
      ...engine,
      run: (module, vectors) => engine.run(module, vectors, limits),
      selfTest: (module) => engine.selfTest(module, limits),
    };
  throw new ModelError(`engine ${name} is missing: ${availability.reason}; install: ${availability.install}`);
}
