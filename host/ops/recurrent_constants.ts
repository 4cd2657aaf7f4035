/** Constants of layers over time as integers: each gate's weights have a scale of their own. */
import { ModelError, perTensor, quantized, type Tensor } from "../ir/graph.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";

export function quantizeGateWeights(tensor: Tensor): Tensor {
  const greatest = Array.from(tensor.data!, Math.abs).reduce((most, x) => Math.max(most, x), 0);
  const scale = Math.fround(greatest > 0 ? greatest / 127 : 1);
  const data = Int8Array.from(tensor.data!, (x) => clamp(roundHalfAway(x / scale), -127, 127));
  return { ...tensor, dtype: "int8", data, quantization: quantized(scale, 0) };
}

/** `values` is what the weights are multiplied with. */
export function quantizeGateBias(bias: Tensor, weights: Tensor, values: Tensor): Tensor {
  const scale = Math.fround(perTensor(values).scale * perTensor(weights).scale);
  const data = Int32Array.from(bias.data!, (x) => clamp(roundHalfAway(x / scale), -(2 ** 30), 2 ** 30));
  return { ...bias, dtype: "int32", data, quantization: quantized(scale, 0) };
}

/** A state of int16 with this scale, which has to hold it. */
export function quantizeState(state: Tensor, scale: number): Tensor {
  const far = state.data!.find((x) => Math.abs(x) > 32768 * scale);
  if (far !== undefined)
    throw new ModelError(`input ${state.name}: expected states within +-${32768 * scale}, found ${far}`);
  const data = Int16Array.from(state.data!, (x) => clamp(roundHalfAway(x / scale), -32768, 32767));
  return { ...state, dtype: "int16", data, quantization: quantized(scale, 0) };
}

/** Throws ModelError unless all inputs but the first are constants. */
export function checkConstants(inputs: readonly (Tensor | undefined)[]): void {
  const computed = inputs.slice(1).find((tensor) => tensor && !tensor.data);
  if (computed) throw new ModelError(`input ${computed.name}: expected a constant, found a computed tensor`);
}

/** [gate][unit, depth] to [unit][gate, depth], in which kernels read them. */
export function byUnit(list: readonly Tensor[], units: number): Int8Array | Int32Array {
  const first = list[0]!.data!;
  const depth = first.length / units;
  const all = new (first.constructor as Int8ArrayConstructor | Int32ArrayConstructor)(
    first.length * list.length,
  );
  for (let unit = 0; unit < units; unit++) {
    list.forEach(({ data }, gate) => {
      all.set(data!.subarray(unit * depth, (unit + 1) * depth), (unit * list.length + gate) * depth);
    });
  }
  return all;
}

/** Weights [units, inputs] times one step's inputs. */
export function realSum(weights: ArrayLike<number>, unit: number, values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * weights[unit * values.length + i]!;
  return sum;
}

export const realLogistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** A line about the first tensor that has another type than it should, or undefined. */
export function wrongType(wanted: Readonly<Record<string, readonly Tensor[]>>): string | undefined {
  for (const [dtype, tensors] of Object.entries(wanted)) {
    const wrong = tensors.find((tensor) => tensor.dtype !== dtype);
    if (wrong) return `tensor ${wrong.name}: expected ${dtype}, found ${wrong.dtype}`;
  }
  return undefined;
}
