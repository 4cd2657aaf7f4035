/**
 * Cost of a program on a device, before it is compiled: instructions, bytes of the module, and RAM. All are
 * linear in features of the program (features.ts), with coefficients from measurements (calibration.ts).
 */
import { exportName, type Kernel } from "../plan/kernels.ts";
import type { Program } from "../plan/lower.ts";
import { type Calibration, type Coefficients, loadCalibration } from "./calibration.ts";
import { type CallShape, callShape, type Features, featuresOf } from "./features.ts";
import type { Kernels } from "./measure.ts";

/** Instructions with each kind of kernels, or another figure of both. */
export type ByKernels = Readonly<Record<Kernels, number>>;

/** THIMBLE_STACK_BYTES of firmware/include/thimble.h. */
export const WASM3_STACK = 1408;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** A linear model's value; features without a coefficient cost nothing. */
export const evaluate = (coefficients: Coefficients, features: Features): number =>
  sum(Object.entries(features).map(([name, count]) => count * (coefficients[name] ?? 0)));

function callInstructions(shape: CallShape, kernels: Kernels, calibration: Calibration): number {
  const coefficients = calibration.kernels[shape.kernel]?.[kernels].instructions;
  if (!coefficients)
    throw new Error(
      `host/compiler/tune/calibration.json: expected kernel ${shape.kernel}: npm run tune:calibrate`,
    );
  return Math.round(evaluate(coefficients, featuresOf(shape, kernels)));
}

/** Predicted instructions of one inference of these calls. */
export function predictInstructions(
  shapes: readonly CallShape[],
  calibration: Calibration = loadCalibration(),
): ByKernels {
  const total = (kernels: Kernels): number =>
    sum(shapes.map((shape) => callInstructions(shape, kernels, calibration)));
  return { native: total("native"), portable: total("portable") };
}

/** Predicted instructions by node, for nodes that make calls. */
export function predictLayers(program: Program, calibration?: Calibration): Map<string, ByKernels> {
  const shapes = new Map<string, CallShape[]>();
  for (const call of program.calls) {
    const list = shapes.get(call.node) ?? [];
    list.push(callShape(call, program));
    shapes.set(call.node, list);
  }
  return new Map([...shapes].map(([node, list]) => [node, predictInstructions(list, calibration)]));
}

// Code

/** Code of `invoke` for one call: the address of its block, beyond 8 KiB, and the call. */
const CALL_BYTES = 6;

/** The parts of a module that its size and its RAM depend on. */
export interface Outline {
  readonly kernels: readonly Kernel[];
  readonly calls: readonly unknown[];
  /** Inputs and outputs of the graph. */
  readonly borders: number;
}

export const outlineOf = ({ kernels, calls, graph }: Program): Outline => ({
  kernels,
  calls,
  borders: graph.inputs.length + graph.outputs.length,
});

/** A module's code, in bytes of WebAssembly, and numbers of what wasm3 keeps records of. */
export interface CodeSize {
  /** Exported kernels, for which a device may have native ones. */
  readonly kernels: number;
  /** Functions that kernels share, each counted once. */
  readonly helpers: number;
  readonly invoke: number;
  readonly functions: number;
  /** wasm3 leaves room behind a large function that smaller ones fill. */
  readonly largest: number;
  readonly exports: number;
}

export function codeSize(
  { kernels, calls, borders }: Outline,
  calibration: Calibration = loadCalibration(),
): CodeSize {
  const known = kernels.flatMap(({ name }) => calibration.kernels[name]?.code ?? []);
  // Helpers of equal size are one: two different ones of the same length are rare, and cost little.
  const helpers = [...new Set(known.flatMap((code) => code.helpers))];
  return {
    kernels: sum(known.map(({ own }) => own)),
    helpers: sum(helpers),
    invoke: 6 + CALL_BYTES * calls.length,
    functions: known.length + helpers.length + 1,
    largest: Math.max(0, ...known.map(({ own }) => own), ...helpers),
    exports: FIXED_EXPORTS + known.length + 2 * borders,
  };
}

/** memory, invoke, abi, memory_bytes, constants */
const FIXED_EXPORTS = 5;

/** Predicted bytes of a module without its custom section. */
export function predictModule(
  outline: Outline,
  constantBytes: number,
  calibration: Calibration = loadCalibration(),
): number {
  const code = codeSize(outline, calibration);
  // For each kernel its export; for each tensor two exported globals.
  const names = sum(outline.kernels.map((kernel) => exportName(kernel).length + 3));
  const tensors = 2 * BORDER_BYTES * outline.borders;
  return Math.round(
    calibration.formatBytes +
      names +
      tensors +
      code.kernels +
      code.helpers +
      code.invoke +
      code.functions +
      constantBytes,
  );
}

/** An exported global: its name, which is "output_0_bytes" at most, its number, and its value. */
const BORDER_BYTES = 19;

// RAM

/** Counts that wasm3's heap depends on. Natively, kernels are bound and not compiled, but their helpers may be. */
export const heapFeatures = (code: CodeSize): Features => ({ base: 1, ...code });

/** RAM that a device needs beside the module's linear memory, in bytes. */
export function predictRuntime(outline: Outline, calibration: Calibration = loadCalibration()): ByKernels {
  const features = heapFeatures(codeSize(outline, calibration));
  const total = (kind: Kernels): number => {
    const stacks = outline.kernels.map(({ name }) => calibration.kernels[name]?.[kind].stack ?? 0);
    const heap = Math.round(evaluate(calibration.heap[kind], features));
    return heap + WASM3_STACK + Math.max(0, ...stacks) + calibration.staticBytes;
  };
  return { native: total("native"), portable: total("portable") };
}
