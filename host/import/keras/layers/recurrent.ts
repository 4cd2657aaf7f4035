/** Layers over time, whose states are zeros at the start of every inference. */
import { ModelError, type Tensor } from "../../../ir/graph.ts";
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

const GATES = 4;
const NAMES = ["input", "forget", "cell", "output"];

/** Weights: kernel [inputs, 4 * units], recurrent kernel [units, 4 * units], bias [4 * units]. */
const lstm: Translate = (layer) => {
  const { input, options } = layer;
  checkRankOf(input, 3);
  checkPlain(layer);
  const [units, inputs] = [options.int("units"), channelsOf(input)];
  const [kernel, recurrent, bias] = layer.takeWeights(options.boolean("use_bias", true) ? 3 : 2);
  checkShape(kernel!, [inputs, GATES * units], "kernel");
  checkShape(recurrent!, [units, GATES * units], "recurrent kernel");
  if (bias) checkShape(bias, [GATES * units], "bias");
  const zeros = new Float32Array(GATES * units);
  const each = (role: string, values: Float32Array, shape: readonly number[]): Tensor[] =>
    NAMES.map((name, gate) => layer.constant(`${name}_${role}`, shape, gateOf(values, gate, GATES, units)));
  const all = layer.add(
    "lstm_sequence",
    [
      input,
      ...each("kernel", kernel!.data, [units, inputs]),
      ...each("recurrent", recurrent!.data, [units, units]),
      ...each("bias", bias?.data ?? zeros, [units]),
    ],
    {},
  );
  return selectSteps(layer, all);
};

export const RECURRENT: ReadonlyMap<string, Translate> = new Map<string, Translate>([["LSTM", lstm]]);
