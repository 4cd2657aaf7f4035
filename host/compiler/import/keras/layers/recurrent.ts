/** Layers over time, whose states are zeros at the start of every inference. */
import { elements, ModelError, type Shape, type Tensor } from "../../../../ir/graph.ts";
import { channelsOf, checkRankOf, checkShape, type LayerView, type Translate } from "../layer.ts";

const FLAGS = ["go_backwards", "stateful", "return_state", "time_major"];

function checkPlain({ options }: LayerView): void {
  const flag = FLAGS.find((name) => options.boolean(name, false));
  if (flag !== undefined) throw new ModelError(`${flag} is not supported`);
  const [inner, gates] = [
    options.text("activation", "tanh"),
    options.text("recurrent_activation", "sigmoid"),
  ];
  if (inner !== "tanh" || gates !== "sigmoid")
    throw new ModelError(`expected activations tanh and sigmoid, found ${inner} and ${gates}`);
}

/** Columns `gate * units` to the next gate's of [rows, gates * units], as [units, rows]. */
function gateOf(values: Float32Array, gate: number, gates: number, units: number): Float32Array {
  const rows = values.length / (gates * units);
  return Float32Array.from({ length: units * rows }, (_, i) => {
    const [unit, row] = [Math.floor(i / rows), i % rows];
    return values[row * gates * units + gate * units + unit]!;
  });
}

/** All steps, or the last one. */
function selectSteps(layer: LayerView, all: Tensor): Tensor {
  if (layer.options.boolean("return_sequences", false)) return all;
  const [, steps, units] = all.shape as readonly [number, number, number];
  const last = layer.add("strided_slice", [all], {
    begin: [0, steps - 1, 0],
    end: [1, steps, units],
    strides: [1, 1, 1],
  });
  return layer.add("reshape", [last], { shape: [1, units] });
}

const LSTM_GATES = ["input", "forget", "cell", "output"];
const GRU_GATES = ["update", "reset", "candidate"];

/** Weights of a layer with gates: kernel [inputs, gates * units], recurrent kernel [units, gates * units], biases. */
function gateWeights(layer: LayerView, names: readonly string[], biasShape: Shape) {
  const { input, options } = layer;
  checkRankOf(input, 3);
  checkPlain(layer);
  const gates = names.length;
  const [units, inputs] = [options.int("units"), channelsOf(input)];
  const [kernel, recurrent, bias] = layer.takeWeights(options.boolean("use_bias", true) ? 3 : 2);
  checkShape(kernel!, [inputs, gates * units], "kernel");
  checkShape(recurrent!, [units, gates * units], "recurrent kernel");
  if (bias) checkShape(bias, biasShape, "bias");
  const values = bias?.data ?? new Float32Array(elements(biasShape));
  const constants = (role: string, data: Float32Array, shape: Shape): Tensor[] =>
    names.map((name, gate) => layer.constant(`${name}_${role}`, shape, gateOf(data, gate, gates, units)));
  return {
    constants,
    bias: values,
    weights: [
      ...constants("kernel", kernel!.data, [units, inputs]),
      ...constants("recurrent", recurrent!.data, [units, units]),
    ],
  };
}

const lstm: Translate = (layer) => {
  const units = layer.options.int("units");
  const { weights, bias, constants } = gateWeights(layer, LSTM_GATES, [LSTM_GATES.length * units]);
  const inputs = [layer.input, ...weights, ...constants("bias", bias, [units])];
  return selectSteps(layer, layer.add("lstm_sequence", inputs, {}));
};

/** With `reset_after`, recurrent biases are apart: those of the two gates are only added. */
const gru: Translate = (layer) => {
  const units = layer.options.int("units");
  const resetAfter = layer.options.boolean("reset_after", layer.keras >= 2);
  const size = GRU_GATES.length * units;
  const { weights, bias, constants } = gateWeights(layer, GRU_GATES, resetAfter ? [2, size] : [size]);
  const again = resetAfter ? bias.subarray(size) : new Float32Array(size);
  const sums = bias.subarray(0, size).map((x, i) => (i < 2 * units ? x + again[i]! : x));
  const inputs = [
    layer.input,
    ...weights,
    ...constants("bias", sums, [units]),
    layer.constant("recurrent_bias", [units], again.subarray(2 * units)),
  ];
  return selectSteps(layer, layer.add("gru_sequence", inputs, { resetAfter }));
};

export const RECURRENT: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["GRU", gru],
  ["LSTM", lstm],
]);
