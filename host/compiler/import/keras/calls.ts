/** The order in which a model's layers are called, models within it taken apart. */
import { ModelError } from "../../../ir/graph.ts";
import type { Layer, Model, Reference } from "./config.ts";

/** One layer applied to values, which are known by keys. */
export interface Call {
  readonly layer: Layer;
  /** The layer's name with those of the models around it. */
  readonly path: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

export interface Calls {
  readonly calls: readonly Call[];
  /** Keys of the model's inputs and outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A model may be called from many places, and so may the models in it. */
const MAX_CALLS = 4096;

const keyOf = ({ layer, call, tensor }: Reference): string => JSON.stringify([layer, call, tensor]);

/** Throws ModelError where a layer is given what no layer computes before it. */
export function orderCalls(model: Model): Calls {
  const calls: Call[] = [];
  const outputs = visit(model, "", undefined, calls);
  return { calls, inputs: model.inputs.map((reference) => `/${keyOf(reference)}`), outputs };
}

/**
 * Keras 2 counts the calls of a model within a model from 1 where making it counts as one: the least number
 * that anybody refers to is the first call.
 */
function firstCalls(model: Model): Map<string, number> {
  const first = new Map<string, number>();
  const all = [...model.outputs, ...model.layers.flatMap(({ calls }) => calls.flat())];
  for (const { layer, call } of all) first.set(layer, Math.min(first.get(layer) ?? call, call));
  return first;
}

/** `given`: keys of the values that a model within another is called with. Returns the keys of its outputs. */
function visit(
  model: Model,
  path: string,
  given: readonly string[] | undefined,
  calls: Call[],
): readonly string[] {
  const known = new Map<string, string>();
  const first = firstCalls(model);
  const prefix = given ? `${path}#${calls.length}/` : "/";
  const bind = (layer: Layer, call: number, keys: readonly string[]): void => {
    const start = layer.model ? (first.get(layer.name) ?? 0) : 0;
    for (const [tensor, key] of keys.entries())
      known.set(keyOf({ layer: layer.name, call: start + call, tensor }), key);
  };
  const callLayer = (layer: Layer, call: number, inputs: readonly string[]): void => {
    const name = path === "" ? layer.name : `${path}/${layer.name}`;
    if (layer.model) {
      bind(layer, call, visit(layer.model, name, inputs, calls));
      return;
    }
    if (calls.length >= MAX_CALLS)
      throw new ModelError(`expected at most ${MAX_CALLS} calls of layers, found more`);
    const output = `${prefix}${keyOf({ layer: layer.name, call, tensor: 0 })}`;
    calls.push({ layer, path: name, inputs, output });
    bind(layer, call, [output]);
  };

  if (given && given.length !== model.inputs.length)
    throw new ModelError(`model ${path}: expected ${model.inputs.length} inputs, found ${given.length}`);
  model.inputs.forEach((reference, i) => {
    const layer = model.layers.find(({ name, type }) => name === reference.layer && type === "InputLayer");
    if (!layer) throw new ModelError(`input ${reference.layer}: expected an input layer, found none`);
    if (given) bind(layer, 0, [given[i]!]);
    else callLayer(layer, 0, []);
  });
  const waiting = model.layers.flatMap((layer) =>
    layer.calls.map((inputs, call) => ({ layer, call, inputs })),
  );
  while (waiting.length > 0) {
    const ready = waiting.findIndex(({ inputs }) => inputs.every((input) => known.has(keyOf(input))));
    if (ready < 0) throw unreachable(waiting[0]!.layer, waiting[0]!.inputs, known);
    const [next] = waiting.splice(ready, 1);
    callLayer(
      next!.layer,
      next!.call,
      next!.inputs.map((input) => known.get(keyOf(input))!),
    );
  }
  return model.outputs.map((output) => {
    const key = known.get(keyOf(output));
    if (key === undefined) throw new ModelError(`output ${output.layer}: expected a layer's first output`);
    return key;
  });
}

function unreachable(
  layer: Layer,
  inputs: readonly Reference[],
  known: ReadonlyMap<string, string>,
): ModelError {
  const missing = inputs.find((input) => !known.has(keyOf(input)))!;
  return new ModelError(
    `layer ${layer.name}: expected layers' first outputs that are computed before, found output ${missing.tensor} of ${missing.layer}`,
  );
}
