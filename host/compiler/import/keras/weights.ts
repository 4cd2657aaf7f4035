/** Finding each layer's weights: both kinds of file name them by where they stand in the model. */
import { ModelError } from "../../../ir/graph.ts";
import type { Layer, Model } from "./config.ts";
import type { Dataset, Hdf5Content } from "./hdf5.ts";

/** The weights of each layer in the order in which Keras makes them. */
export type Weights = ReadonlyMap<Layer, readonly Dataset[]>;

interface Named {
  readonly name: string;
  readonly dataset: Dataset;
}

/** Keras splits a list of names that is too long for one attribute: weight_names0, weight_names1, ... */
function textList(content: Hdf5Content, group: string, attribute: string): string[] {
  const attributes = content.attributes.get(group);
  const parts: unknown[] = [attributes?.get(attribute)];
  for (let i = 0; attributes?.has(`${attribute}${i}`); i++) parts.push(attributes.get(`${attribute}${i}`));
  return parts.flat().filter((part) => typeof part === "string");
}

/** An .h5 file: a group for each layer of the model, whose attribute lists the paths of its weights. */
export function weightsOfFile(content: Hdf5Content, model: Model): Weights {
  const weights = new Map<Layer, readonly Dataset[]>();
  for (const layer of model.layers) {
    const group = `/model_weights/${layer.name}`;
    const named = textList(content, group, "weight_names").map((name) => {
      const dataset = content.datasets.get(`${group}/${name}`);
      if (!dataset)
        throw new ModelError(`layer ${layer.name}: expected weights ${name} of floats, found none`);
      return { name, dataset };
    });
    if (layer.model) distribute(layer.model, named, layer.name, weights);
    else
      weights.set(
        layer,
        named.map(({ dataset }) => dataset),
      );
  }
  return weights;
}

const leaves = (model: Model): Layer[] =>
  model.layers.flatMap((layer) => (layer.model ? leaves(layer.model) : [layer]));

/** The weights of a model within the model are listed together; each has its layer's name in its own. */
function distribute(
  model: Model,
  named: readonly Named[],
  where: string,
  weights: Map<Layer, readonly Dataset[]>,
): void {
  let taken = 0;
  for (const layer of leaves(model)) {
    const own = named.filter(({ name }) => `/${name}`.includes(`/${layer.name}/`));
    taken += own.length;
    weights.set(
      layer,
      own.map(({ dataset }) => dataset),
    );
  }
  if (taken !== named.length)
    throw new ModelError(
      `model ${where}: expected each of its ${named.length} weights to name one layer, found ${taken} that do`,
    );
}

/** How Keras writes a class's name in a path: "MaxPooling2D" is max_pooling2d. */
export const snakeCase = (type: string): string =>
  type
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** A .keras archive: each layer's group is called by its class, those of one class numbered. */
export function weightsOfArchive(content: Hdf5Content, model: Model): Weights {
  const weights = new Map<Layer, readonly Dataset[]>();
  collect(content, model, "", weights);
  return weights;
}

function collect(
  content: Hdf5Content,
  model: Model,
  group: string,
  weights: Map<Layer, readonly Dataset[]>,
): void {
  const counts = new Map<string, number>();
  for (const layer of model.layers) {
    const base = snakeCase(layer.type);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    const path = `${group}/layers/${count === 0 ? base : `${base}_${count}`}`;
    if (layer.model) collect(content, layer.model, path, weights);
    else weights.set(layer, variables(content, path, layer.name));
  }
}

/** Groups of a layer's weights: those of a recurrent layer are its cell's, those of a wrapper its inner layer's. */
const GROUPS = [
  "vars",
  "cell/vars",
  "layer/vars",
  "forward_layer/cell/vars",
  "backward_layer/cell/vars",
  "query_dense/vars",
  "key_dense/vars",
  "value_dense/vars",
  "output_dense/vars",
];

function variables(content: Hdf5Content, path: string, layer: string): Dataset[] {
  const written = content.attributes.get(`${path}/vars`)?.get("name");
  if (written !== undefined && written !== layer)
    throw new ModelError(`layer ${layer}: expected its weights at ${path}, found those of ${written}`);
  return GROUPS.flatMap((group) => {
    const list: Dataset[] = [];
    for (let next = content.datasets.get(`${path}/${group}/0`); next; ) {
      list.push(next);
      next = content.datasets.get(`${path}/${group}/${list.length}`);
    }
    return list;
  });
}
