/** The model's JSON configuration, of Keras 2 and 3, as a tree of layers. */

import { parseJson } from "../../../budgets.ts";
import { ModelError } from "../../../ir/graph.ts";
import { nameGiver } from "../../../ir/names.ts";
import { isObject, type JsonObject, type Options, optionsOf } from "./options.ts";

/** Output `tensor` of call `call` of the layer of that name. */
export interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

export interface Layer {
  readonly name: string;
  /** Keras class, such as "Dense". */
  readonly type: string;
  readonly options: Options;
  /** Inputs of each call of the layer, in order. */
  readonly calls: readonly (readonly Reference[])[];
  /** Arguments of a call beside tensors, by which it may mean something else. */
  readonly extra: readonly string[];
  /** A layer that is itself a model. */
  readonly model?: Model;
}

export interface Model {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly Reference[];
}

const MAX_LAYERS = 4096;
/** Depth of models within models, and of lists within a call's arguments. */
const MAX_DEPTH = 16;

const MODELS = new Set(["Sequential", "Functional", "Model"]);

/** Throws ModelError unless the text describes a sequential or functional model. */
export function readConfig(text: string): Model {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    const found = error instanceof RangeError ? error.message : "expected JSON, found text that is not";
    throw new ModelError(`the model's configuration: ${found}`);
  }
  if (!isObject(json) || !isObject(json["config"]) || !MODELS.has(String(json["class_name"]))) {
    const found = isObject(json) && typeof json["class_name"] === "string" ? json["class_name"] : "none";
    throw new ModelError(`expected a Sequential or Functional model, found class ${found}`);
  }
  return readModel(String(json["class_name"]), json["config"], { layers: 0 }, 0);
}

function readModel(type: string, config: JsonObject, count: { layers: number }, depth: number): Model {
  if (depth > MAX_DEPTH) throw new ModelError(`expected models at most ${MAX_DEPTH} deep, found deeper ones`);
  const { layers } = config;
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every(isObject))
    throw new ModelError("layers: expected a list of layers, found none");
  count.layers += layers.length;
  if (count.layers > MAX_LAYERS) throw new ModelError(`expected at most ${MAX_LAYERS} layers, found more`);
  const name = typeof config["name"] === "string" ? config["name"] : "model";
  const read = layers.map((layer) => readLayer(layer, count, depth));
  const names = new Set(read.map((layer) => layer.name));
  if (names.size !== read.length) throw new ModelError(`model ${name}: expected layers of different names`);
  if (type === "Sequential") return sequential(name, read, config);
  return {
    name,
    layers: read,
    inputs: references(config["input_layers"], "input_layers"),
    outputs: references(config["output_layers"], "output_layers"),
  };
}

function readLayer(json: JsonObject, count: { layers: number }, depth: number): Layer {
  const config = isObject(json["config"]) ? json["config"] : {};
  const [name, type] = [json["name"] ?? config["name"], json["class_name"]];
  if (typeof name !== "string" || typeof type !== "string")
    throw new ModelError("layers: expected a name and a class for each, found none");
  const nodes = Array.isArray(json["inbound_nodes"]) ? json["inbound_nodes"] : [];
  const isModel = MODELS.has(type);
  return {
    name,
    type,
    options: optionsOf(config),
    calls: nodes.map((node) => references(node, `layer ${name}: inbound_nodes`)),
    extra: nodes.flatMap((node) => extraArguments(node)),
    ...(isModel && { model: readModel(type, config, count, depth + 1) }),
  };
}

/** Without an input layer, the first layer (Keras 2) or the model (Keras 3) says what it takes. */
function sequential(name: string, layers: readonly Layer[], config: JsonObject): Model {
  const first = layers[0]!;
  const hasInput = first.type === "InputLayer";
  const shape = first.options.raw("batch_input_shape") ?? config["build_input_shape"];
  const options = optionsOf({ batch_shape: shape, dtype: "float32" });
  const input: Layer = hasInput
    ? first
    : {
        name: nameGiver(layers.map((layer) => layer.name))(`${name}/input`),
        type: "InputLayer",
        options,
        calls: [],
        extra: [],
      };
  let last = input;
  const chained = (hasInput ? layers.slice(1) : layers).map((layer) => {
    const called = { ...layer, calls: [[{ layer: last.name, call: 0, tensor: 0 }]] };
    last = called;
    return called;
  });
  const at = (layer: Layer): Reference => ({ layer: layer.name, call: 0, tensor: 0 });
  return { name, layers: [input, ...chained], inputs: [at(input)], outputs: [at(last)] };
}

const isReference = (value: readonly unknown[]): boolean =>
  typeof value[0] === "string" && Number.isSafeInteger(value[1]) && Number.isSafeInteger(value[2]);

/**
 * The tensors named in a call, in order: [layer, call, tensor, ...] in Keras 2 and the lists of outputs,
 * "keras_history" within the arguments of a call in Keras 3.
 */
function references(value: unknown, where: string, depth = 0): Reference[] {
  if (depth > MAX_DEPTH) throw new ModelError(`${where}: expected lists at most ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) {
    if (isReference(value))
      return [{ layer: String(value[0]), call: Number(value[1]), tensor: Number(value[2]) }];
    return value.flatMap((item) => references(item, where, depth + 1));
  }
  if (!isObject(value)) return [];
  if (value["class_name"] === "__keras_tensor__" && isObject(value["config"]))
    return references(value["config"]["keras_history"], where, depth + 1);
  return Object.values(value).flatMap((item) => references(item, where, depth + 1));
}

/** Arguments that are no tensors and not left at their defaults, by name or as they are. */
function extraArguments(node: unknown): string[] {
  if (isObject(node)) {
    const constants = Array.isArray(node["args"]) ? node["args"].filter((x) => typeof x === "number") : [];
    return [...constants.map(String), ...keywords(node["kwargs"])];
  }
  if (!Array.isArray(node)) return [];
  return node.flatMap((input: unknown) =>
    Array.isArray(input) && isReference(input) ? keywords(input[3]) : [],
  );
}

const keywords = (value: unknown): string[] =>
  isObject(value)
    ? Object.entries(value)
        .filter(([key, given]) => given !== null && given !== false && key !== "training")
        .map(([key]) => key)
    : [];
