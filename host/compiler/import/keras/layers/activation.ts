import { identity, invert } from "../../../../ir/axes.ts";
import { type Attributes, ModelError, type Tensor } from "../../../../ir/graph.ts";
import { type LayerView, onRow, type Translate } from "../layer.ts";
import { isObject, optionsOf } from "../options.ts";

type Activate = (layer: LayerView, input: Tensor) => Tensor;

const operator =
  (op: string, attributes: Attributes = {}): Activate =>
  (layer, input) =>
    layer.add(op, [input], attributes);

const unary = (name: string, alpha = 0, beta = 0): Activate =>
  operator("unary_function", { function: name, alpha, beta });

const silu: Activate = (layer, input) =>
  layer.add("mul", [input, layer.add("logistic", [input], {})], { activation: "none" });

/** Keras 3 made the hard sigmoid a sixth as steep, not a fifth. */
const hardSigmoid: Activate = (layer, input) =>
  unary("hard_sigmoid", layer.keras < 3 ? 0.2 : 1 / 6, 0.5)(layer, input);

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** By the names that Keras gives its functions; parameters are their defaults. */
const FUNCTIONS: ReadonlyMap<string, Activate> = new Map<string, Activate>([
  ["linear", (_, input) => input],
  ["relu", operator("relu", { activation: "relu" })],
  ["relu6", operator("relu", { activation: "relu6" })],
  ["sigmoid", operator("logistic")],
  ["tanh", operator("tanh")],
  ["softmax", operator("softmax", { beta: 1 })],
  ["log_softmax", operator("log_softmax")],
  ["elu", unary("elu", 1)],
  ["selu", unary("selu", SELU_ALPHA, SELU_SCALE)],
  ["softplus", unary("softplus")],
  ["softsign", unary("softsign")],
  ["swish", silu],
  ["silu", silu],
  ["gelu", unary("gelu")],
  ["mish", unary("mish")],
  ["hard_sigmoid", hardSigmoid],
  ["hard_swish", operator("hard_swish")],
  ["hard_silu", operator("hard_swish")],
  ["exponential", unary("exp")],
  ["leaky_relu", operator("leaky_relu", { alpha: 0.2 })],
]);

/** `activation` as a configuration has it: a name, or the description of a layer. */
export function activate(layer: LayerView, input: Tensor, activation: unknown): Tensor {
  if (activation === undefined) return input;
  if (isObject(activation)) return activateBy(layer, input, activation);
  const apply = FUNCTIONS.get(String(activation));
  if (!apply)
    throw new ModelError(`activation ${JSON.stringify(activation)?.slice(0, 100)} is not supported`);
  return apply(layer, input);
}

function activateBy(layer: LayerView, input: Tensor, description: Readonly<Record<string, unknown>>): Tensor {
  const { class_name: type, config } = description;
  // Keras 3 describes a function by its name as the configuration of the class "function".
  if (typeof config === "string") return activate(layer, input, config);
  const translate = ACTIVATION_LAYERS.get(String(type));
  if (!translate || !isObject(config))
    throw new ModelError(`activation ${JSON.stringify(type)?.slice(0, 100)} is not supported`);
  return translate({ ...layer, input, options: optionsOf(config) });
}

const relu: Translate = ({ options, input, add }) => {
  const slope = options.number("negative_slope", 0);
  const threshold = options.number("threshold", 0);
  const max = options.raw("max_value") === undefined ? undefined : options.number("max_value");
  if (threshold !== 0) throw new ModelError(`threshold: expected 0, found ${threshold}`);
  if (slope !== 0) {
    const leaky = add("leaky_relu", [input], { alpha: slope });
    return max === undefined ? leaky : add("clip", [leaky], { min: -LARGEST, max });
  }
  if (max === undefined) return add("relu", [input], { activation: "relu" });
  return max === 6 ? add("relu", [input], { activation: "relu6" }) : add("clip", [input], { min: 0, max });
};

/** A bound that no value of float32 is beyond. */
const LARGEST = 3.4028234663852886e38;

/** Keras 2 calls it alpha. */
const leakyRelu: Translate = ({ options, input, add }) =>
  add("leaky_relu", [input], { alpha: options.number("negative_slope", options.number("alpha", 0.3)) });

const elu: Translate = ({ options, input, add }) =>
  add("unary_function", [input], { function: "elu", alpha: options.number("alpha", 1), beta: 0 });

const thresholdedRelu: Translate = ({ options, input, add }) =>
  add("unary_function", [input], {
    function: "thresholded_relu",
    alpha: options.number("theta", 1),
    beta: 0,
  });

/** Over one axis, which is moved to the end. */
const softmax: Translate = ({ options, input, add }) => {
  const given = options.raw("axis") ?? -1;
  const rank = input.shape.length;
  const axes = Array.isArray(given) ? given : [given];
  const axis = Number(axes[0]) < 0 ? Number(axes[0]) + rank : Number(axes[0]);
  if (axes.length !== 1 || !(Number.isInteger(axis) && axis >= 1 && axis < rank))
    throw new ModelError(`axis: expected one below ${rank}, found ${JSON.stringify(given).slice(0, 100)}`);
  if (axis === rank - 1) return add("softmax", [input], { beta: 1 });
  const permutation = [...identity(rank).filter((i) => i !== axis), axis];
  const moved = add("softmax", [add("transpose", [input], { permutation })], { beta: 1 });
  return add("transpose", [moved], { permutation: invert(permutation) });
};

/** Weights: one slope for each value, or for all along the shared axes. */
const prelu: Translate = (layer) => {
  const [slopes] = layer.takeWeights(1);
  const shape = slopes!.shape.join() === "" ? [1] : slopes!.shape;
  return layer.add("prelu", [layer.input, layer.constant("alpha", shape, slopes!.data)], {});
};

const elementwise =
  (translate: Translate): Translate =>
  (layer) =>
    onRow(layer, (input) => translate({ ...layer, input }));

/** Layers that are a function of each value. */
export const ACTIVATION_LAYERS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Activation", (layer) => onRow(layer, (input) => activate(layer, input, layer.options.raw("activation")))],
  ["ELU", elementwise(elu)],
  ["LeakyReLU", elementwise(leakyRelu)],
  ["PReLU", prelu],
  ["ReLU", elementwise(relu)],
  ["Softmax", softmax],
  ["ThresholdedReLU", elementwise(thresholdedRelu)],
]);
