/** Layers over time, whose states are zeros at the start of every inference. */
import { type Attributes, elements, ModelError, type Shape, type Tensor } from "../../../../ir/graph.ts";
import { channelsOf, checkRankOf, checkShape, type LayerView, type Translate } from "../layer.ts";
import { isObject, optionsOf } from "../options.ts";

const FLAGS = ["stateful", "return_state", "time_major"];

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

/** All steps of a layer, in the order in which they are computed. */
type Steps = (layer: LayerView) => Tensor;

const lstm: Steps = (layer) => {
  const units = layer.options.int("units");
  const { weights, bias, constants } = gateWeights(layer, LSTM_GATES, [LSTM_GATES.length * units]);
  return layer.add("lstm_sequence", [layer.input, ...weights, ...constants("bias", bias, [units])], {});
};

/** With `reset_after`, recurrent biases are apart: those of the two gates are only added. */
const gru: Steps = (layer) => {
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
  return layer.add("gru_sequence", inputs, { resetAfter });
};

/** Where a logistic function is 0 or 1 in float32. */
const GATE = 30;

/** The GRU whose update gate is shut and whose reset gate is open: its candidate is the new state. */
const simple: Steps = (layer) => {
  const units = layer.options.int("units");
  const { weights, bias, constants } = gateWeights(layer, ["state"], [units]);
  const fill = (role: string, shape: Shape, value: number): Tensor =>
    layer.constant(role, shape, new Float32Array(elements(shape)).fill(value));
  const none = fill("no_kernel", [units, channelsOf(layer.input)], 0);
  const noRecurrent = fill("no_recurrent", [units, units], 0);
  const [kernel, recurrent] = weights;
  const gates = [fill("shut", [units], -GATE), fill("open", [units], GATE)];
  const biases = [...gates, ...constants("bias", bias, [units]), fill("no_bias", [units], 0)];
  const inputs = [layer.input, none, none, kernel, noRecurrent, noRecurrent, recurrent, ...biases];
  return layer.add("gru_sequence", inputs, { resetAfter: false });
};

const LAYERS: ReadonlyMap<string, Steps> = new Map<string, Steps>([
  ["GRU", gru],
  ["LSTM", lstm],
  ["SimpleRNN", simple],
]);

/** Steps [1, steps, units] from the last to the first. */
function reversed(layer: LayerView, tensor: Tensor): Tensor {
  checkRankOf(tensor, 3);
  const [, steps, units] = tensor.shape as readonly [number, number, number];
  return layer.add("strided_slice", [tensor], {
    begin: [0, steps - 1, 0],
    end: [1, -1, units],
    strides: [1, -1, 1],
  });
}

/** With `go_backwards`, steps are computed and come out from the last to the first. */
const alone =
  (run: Steps): Translate =>
  (layer) => {
    const backwards = layer.options.boolean("go_backwards", false);
    const input = backwards ? reversed(layer, layer.input) : layer.input;
    return selectSteps(layer, run({ ...layer, input }));
  };

/** How the two directions become one: `concat` behind each other, else value by value. */
const MERGED: Readonly<Record<string, readonly [op: string, attributes: Attributes]>> = {
  sum: ["add", { activation: "none" }],
  ave: ["add", { activation: "none" }],
  mul: ["mul", { activation: "none" }],
};

function merge(layer: LayerView, passes: readonly Tensor[]): Tensor {
  const mode = layer.options.text("merge_mode", "concat");
  if (mode === "concat") return layer.add("concatenation", passes, { axis: passes[0]!.shape.length - 1 });
  const merged = Object.hasOwn(MERGED, mode) ? MERGED[mode] : undefined;
  if (!merged) throw new ModelError(`merge_mode: expected concat, sum, ave or mul, found ${mode}`);
  const result = layer.add(merged[0], passes, merged[1]);
  if (mode !== "ave") return result;
  return layer.add("mul", [result, layer.constant("half", [1], [0.5])], { activation: "none" });
}

/** The layer that a wrapper has for one direction. */
function inner(layer: LayerView, key: string, weights: LayerView["weights"]) {
  const given = layer.options.raw(key) ?? layer.options.raw("layer");
  const type = isObject(given) ? String(given["class_name"]) : "none";
  const run = LAYERS.get(type);
  const config = isObject(given) ? given["config"] : undefined;
  if (!run || !isObject(config))
    throw new ModelError(`layer: expected one of ${[...LAYERS.keys()].join(", ")}, found ${type}`);
  const takeWeights = (count: number): LayerView["weights"] => {
    if (weights.length !== count)
      throw new ModelError(`expected ${count} weights for each direction, found ${weights.length}`);
    return weights;
  };
  return { run, view: { ...layer, options: optionsOf(config), weights, takeWeights } };
}

/** A layer over the steps, and another over them from the last to the first; weights of the one, then of the other. */
const bidirectional: Translate = (layer) => {
  const half = layer.weights.length / 2;
  const ahead = inner(layer, "layer", layer.weights.slice(0, half));
  const back = inner(layer, "backward_layer", layer.weights.slice(half));
  const steps = [
    ahead.run({ ...ahead.view, input: layer.input }),
    back.run({ ...back.view, input: reversed(layer, layer.input) }),
  ];
  const isSequence = ahead.view.options.boolean("return_sequences", false);
  const ordered = isSequence
    ? [steps[0]!, reversed(layer, steps[1]!)]
    : steps.map((all) => selectSteps(ahead.view, all));
  return merge(layer, ordered);
};

export const RECURRENT: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Bidirectional", bidirectional],
  ...[...LAYERS].map(([type, run]): [string, Translate] => [type, alone(run)]),
]);
