import { elements, type Tensor } from "../ir/graph.ts";
import type { Activation } from "./activation.ts";
import { conv2d } from "./conv2d.ts";
import type { Argument, Lowering } from "./lowering.ts";
import { movementArguments } from "./movement.ts";
import { type AxisPhase, axisPhase, type PhaseGeometry, pickTaps, type Tensors } from "./transpose_phases.ts";

/**
 * The faster way to compute a transposed convolution: each phase by the kernels of ordinary convolutions, which have
 * lanes and native versions, one behind the other; then all of them are put in each other's gaps. It takes room for
 * the output once more.
 */

/** Padding of a phase along one axis as an ordinary convolution has it; undefined where that can't be. */
function padding({ taps, first, dilation, outputs }: AxisPhase, size: number): [number, number] | undefined {
  if (taps.length === 0) return undefined;
  const reach = (taps.length - 1) * dilation + 1;
  const [before, after] = [0 - first, outputs - 1 + reach + first - size];
  return before >= 0 && after >= 0 ? [before, after] : undefined;
}

interface Phase {
  readonly rows: AxisPhase;
  readonly columns: AxisPhase;
  /** top, left, bottom, right */
  readonly padding: readonly number[];
}

/** All phases in order, if they are ordinary convolutions with outputs of one size. */
function phasesOf(
  { input }: Tensors,
  geometry: readonly [PhaseGeometry, PhaseGeometry],
): Phase[] | undefined {
  if (geometry.some(({ outputSize, stride }) => outputSize % stride !== 0)) return undefined;
  const [vertical, horizontal] = geometry.map((axis) =>
    Array.from({ length: axis.stride }, (_, phase) => axisPhase(phase, axis)),
  ) as [AxisPhase[], AxisPhase[]];
  const phases = vertical.flatMap((rows) =>
    horizontal.map((columns): Phase | undefined => {
      const [y, x] = [padding(rows, input.shape[1]!), padding(columns, input.shape[2]!)];
      return y && x && { rows, columns, padding: [y[0], x[0], y[1], x[1]] };
    }),
  );
  return phases.every((phase) => phase !== undefined) ? phases : undefined;
}

type Call = Parameters<Lowering["call"]>;

/** The call that an ordinary convolution makes of a phase, and how much scratch it wants. */
function convolve(tensors: Tensors, phase: Phase, activation: Activation, to: Lowering, place: Argument) {
  const { input, weights, bias, output } = tensors;
  const { rows, columns } = phase;
  const data = pickTaps(weights, rows.taps, columns.taps);
  const kernel = [rows.taps.length, columns.taps.length];
  const filters: Tensor = { ...weights, shape: [weights.shape[0]!, ...kernel, weights.shape[3]!], data };
  const [batches, , , channels] = output.shape as [number, number, number, number];
  const result = { ...output, shape: [batches, rows.outputs, columns.outputs, channels] };
  const attributes = {
    stride: [1, 1],
    dilation: [rows.dilation, columns.dilation],
    padding: phase.padding,
    groups: 1,
    activation,
  };
  let made: Call | undefined;
  let scratchBytes = 0;
  const recording: Lowering = {
    ...to,
    overwrite: () => false,
    scratch(bytes) {
      scratchBytes = bytes;
      return place;
    },
    call(name, values) {
      made = [name, { ...values, output: place }];
    },
  };
  conv2d.lower(
    { name: output.name, attributes, inputs: [input, filters, bias], outputs: [result] },
    recording,
  );
  return { call: made!, scratchBytes };
}

const behind = (argument: Argument, offset: number): Argument =>
  argument.kind === "tensor" ? { ...argument, offset: argument.offset + offset } : argument;

/** False where phases are no ordinary convolutions, or leave gaps of different sizes. */
export function lowerAsConvolutions(
  tensors: Tensors,
  geometry: readonly [PhaseGeometry, PhaseGeometry],
  activation: Activation,
  to: Lowering,
): boolean {
  const phases = phasesOf(tensors, geometry);
  if (!phases) return false;
  const { output } = tensors;
  const [vertical, horizontal] = [geometry[0].stride, geometry[1].stride];
  const [batches, height, width, channels] = output.shape as [number, number, number, number];
  const bytes = elements(output.shape) / phases.length;
  const results = phases.length === 1 ? to.at(output, 0) : to.scratch(elements(output.shape));
  const made = phases.map((phase, i) => convolve(tensors, phase, activation, to, behind(results, i * bytes)));
  const scratch = to.scratch(Math.max(...made.map(({ scratchBytes }) => scratchBytes)));
  for (const { call } of made) to.call(call[0], { ...call[1], scratch });
  if (phases.length === 1) return true;
  const columns = width / horizontal;
  const gaps = {
    offset: 0,
    sizes: [(batches * height) / vertical, vertical, columns, horizontal, channels],
    strides: [columns * channels, horizontal * bytes, channels, bytes, 1],
  };
  to.call("strided_copy", { input: results, output, ...movementArguments(gaps, 1) });
  return true;
}
