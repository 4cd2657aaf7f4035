/** Keras models: .h5 files of Keras 2 and 3, and the .keras archives of Keras 3. */
import { type Graph, ModelError, oneLine, type Tensor } from "../../../ir/graph.ts";
import { translateAll } from "../importer.ts";
import { readArchive } from "./archive.ts";
import { type Builder, makeBuilder } from "./builder.ts";
import { type Call, orderCalls } from "./calls.ts";
import { type Model, readConfig } from "./config.ts";
import { readHdf5 } from "./hdf5.ts";
import { viewOf } from "./layer.ts";
import { translations } from "./layers/index.ts";
import { inputLimits, inputShape } from "./layers/input.ts";
import { type Weights, weightsOfArchive, weightsOfFile } from "./weights.ts";

/** A model as its file holds it, read and taken apart. */
export interface KerasModel {
  /** The first number of the version that wrote it. */
  readonly keras: number;
  readonly model: Model;
  readonly weights: Weights;
}

const ZIP = "PK\u0003\u0004";
const HDF5 = "\u0089HDF";

const startsWith = (bytes: Uint8Array, magic: string): boolean =>
  Buffer.from(bytes.subarray(0, magic.length)).toString("latin1") === magic;

/** Whether a file is one of Keras, by its first bytes. */
export const isKeras = (bytes: Uint8Array): boolean => startsWith(bytes, ZIP) || startsWith(bytes, HDF5);

/** Files of long ago say no version. */
const major = (version: unknown): number => Number.parseInt(String(version), 10) || 2;

/** Reads a file's bytes, which nobody trusts. Throws ModelError where they are no Keras model. */
export async function readKeras(bytes: Uint8Array): Promise<KerasModel> {
  if (startsWith(bytes, ZIP)) {
    const { config, version, weights } = readArchive(bytes);
    const model = readConfig(config);
    return { keras: major(version), model, weights: weightsOfArchive(await readHdf5(weights), model) };
  }
  const content = await readHdf5(bytes);
  const root = content.attributes.get("");
  const config = root?.get("model_config");
  if (typeof config !== "string") {
    throw new ModelError(
      'expected a whole model, found weights without its layers; in Python, build the model, then model.load_weights(FILE); model.save("model.keras")',
    );
  }
  const model = readConfig(config);
  return { keras: major(root?.get("keras_version")), model, weights: weightsOfFile(content, model) };
}

/** The model as a float32 graph with a batch of 1. Throws ModelError with all unsupported layers at once. */
export function importKeras(model: KerasModel, name: string): Graph {
  const { calls, outputs } = orderCalls(model.model);
  const builder = makeBuilder();
  const values = new Map<string, Tensor>();
  const failed = new Set<string>();
  const uses = countUses([...calls.flatMap(({ inputs }) => inputs), ...outputs]);
  translateAll(
    calls,
    ({ path, layer }) => `${path} (${layer.type})`,
    (call) => {
      try {
        if (call.inputs.some((key) => failed.has(key))) {
          checkSupported(call);
          failed.add(call.output);
          return;
        }
        values.set(call.output, translate(call, model, values, uses, builder));
      } catch (error) {
        failed.add(call.output);
        throw error instanceof ModelError ? withoutName(error, call.path) : error;
      }
    },
  );
  return builder.finish(
    name,
    outputs.map((key) => values.get(key)!),
  );
}

function countUses(keys: readonly string[]): Map<string, number> {
  const uses = new Map<string, number>();
  for (const key of keys) uses.set(key, (uses.get(key) ?? 0) + 1);
  return uses;
}

const isInput = ({ layer }: Call): boolean => layer.type === "InputLayer";

/** A layer after one that was refused is not blamed for its input, but may have to be refused itself. */
function checkSupported(call: Call): void {
  if (!isInput(call) && !translations.has(call.layer.type)) throw new ModelError("layer not supported");
  const [extra] = call.layer.extra;
  if (extra !== undefined)
    throw new ModelError(`expected to be called with tensors only, found ${oneLine(extra).slice(0, 100)}`);
}

function translate(
  call: Call,
  { keras, weights }: KerasModel,
  values: ReadonlyMap<string, Tensor>,
  uses: ReadonlyMap<string, number>,
  builder: Builder,
): Tensor {
  checkSupported(call);
  const { layer, path, inputs } = call;
  if (isInput(call)) return builder.addInput(path, inputShape(layer.options), inputLimits(layer.options));
  const view = viewOf(call, {
    keras,
    inputs: inputs.map((key) => values.get(key)!),
    weights: weights.get(layer) ?? [],
    isOnlyReader: inputs.length === 1 && uses.get(inputs[0]!) === 1,
    builder,
  });
  return translations.get(layer.type)!(view);
}

/** The list of refused layers gives each one's name already. */
function withoutName(error: ModelError, path: string): ModelError {
  const prefix = oneLine(`node ${path}: `);
  return error.message.startsWith(prefix) ? new ModelError(error.message.slice(prefix.length)) : error;
}
