/**
 * `import { load } from "thimble/runtime"` in Node: as in a browser (browser.ts), also of files, and every file is taken
 * for hostile: it has to be in the subset that devices take, its descriptor is read with every check.
 */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { readPublicKey } from "../../image/keys.ts";
import { isImage, parseImage, verifyImage } from "../../image/mcuboot.ts";
import { byteSize, ModelError, type Task } from "../../ir/graph.ts";
import { readDescriptor } from "../../module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../module/descriptor_table.ts";
import { PAGE } from "../../module/engine.ts";
import { type BorderTensor, columnsOf } from "../../ops/border.ts";
import { feederOf } from "./feed.ts";
import { type Instance, instantiate } from "./instance.ts";
import { type ARRAYS, type Described, type Model, type Prediction, refuse } from "./model.ts";
import { extraPages, serve, withPages } from "./server.ts";

export type { Decided, Model, ModelTensor, Prediction, Values } from "./model.ts";

export interface LoadOptions {
  /** The image has to be signed with this key, or one of these: PEM, the 32 bytes of RFC 8032, or a key of node:crypto. */
  readonly key?: PublicKey | readonly PublicKey[];
  /** False: the module's own kernels, as on a device without native ones; true, which is as exact, by ones with SIMD. */
  readonly twins?: boolean;
}

export type PublicKey = string | Uint8Array | KeyObject;

/** A module (.wasm) or an image (.img): a path, a URL (file:, http:, https:), an answer of fetch(), or its bytes. */
export type Source = string | URL | Response | Blob | ArrayBuffer | Uint8Array;

/** A model with what its file says of it. */
export interface NodeModel extends Model {
  /**
   * Takes samples of a stream, any number of them, and gives what each inference that brought something new gave. Those that
   * are too few for an inference wait for the next call, until `reset`. Throws RangeError where a sample is not a number,
   * before any is taken, and where the model takes no stream.
   */
  feed(samples: ArrayLike<number>): Prediction[];
  readonly task?: Task;
  /** SHA-256 of the module, in hex: two files of one model have one hash, signed or not. */
  readonly hash: string;
  /** Of an image. */
  readonly id?: string;
  readonly version?: string;
}

/** RFC 8410: what precedes the 32 bytes in a SubjectPublicKeyInfo. */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

function keyOf(key: PublicKey): KeyObject {
  if (typeof key === "string") return readPublicKey(key, "key");
  if (!(key instanceof Uint8Array)) return key;
  if (key.length !== 32) throw new RangeError(`key: expected 32 bytes, found ${key.length}`);
  return createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" });
}

async function fetched(url: URL): Promise<ArrayBuffer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: expected status 200, found ${answer.status}`);
  return answer.arrayBuffer();
}

async function bytesOf(source: Source): Promise<Uint8Array> {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob || source instanceof Response) return new Uint8Array(await source.arrayBuffer());
  const url = typeof source === "string" && /^(?:https?|file):/.test(source) ? new URL(source) : source;
  if (typeof url !== "string" && url.protocol !== "file:") return new Uint8Array(await fetched(url));
  return readFile(url);
}

/** The module of a file, and what an image says of it. Throws ImageError where it is damaged or of another key. */
function openFile(file: Uint8Array, key: LoadOptions["key"]) {
  const keys = key === undefined ? undefined : ([key].flat() as PublicKey[]);
  if (!isImage(file)) {
    if (keys) throw new ModelError("file: expected an image (.img) signed with the key, found no image");
    return { module: file };
  }
  const { body, id, version } = keys ? verifyImage(file, keys.map(keyOf)) : parseImage(file);
  return { module: body, ...(id !== undefined && { id }), version };
}

const describe = (tensor: BorderTensor, names: readonly string[] | undefined): Described => ({
  name: tensor.name,
  dtype: tensor.dtype as keyof typeof ARRAYS,
  shape: tensor.shape,
  scale: tensor.scale,
  zeroPoint: tensor.zeroPoint,
  columns: columnsOf(tensor.scaling),
  ...(tensor.unit !== undefined && { unit: tensor.unit }),
  ...(names && { names }),
  ...(tensor.threshold !== undefined && { threshold: tensor.threshold }),
  decision: tensor.decision ?? "none",
});

/**
 * Tables of texts by input, of which the metadata alone know. Few modules have any, and only these have their metadata read,
 * which takes longer than all else.
 */
async function categoriesIn(module: Uint8Array): Promise<readonly (readonly string[] | undefined)[]> {
  if (!Buffer.from(module.buffer, module.byteOffset, module.length).includes("categories")) return [];
  const { readMetadata } = await import("../../module/metadata.ts");
  return readMetadata(module).inputs.map(({ categories }) => categories);
}

/** Throws ModelError where the descriptor speaks of other tensors than the module has. */
function checkTensors(
  kind: "input" | "output",
  found: Instance["inputs"],
  infos: readonly BorderTensor[],
): void {
  if (found.length !== infos.length)
    throw new ModelError(`descriptor: expected ${found.length} ${kind}s, found ${infos.length}`);
  infos.forEach((info, i) => {
    const bytes = byteSize(info);
    if (bytes !== found[i]!.bytes)
      throw new ModelError(`descriptor: ${kind} ${i}: expected ${found[i]!.bytes} bytes, found ${bytes}`);
  });
}

/** `feed`, and the `reset` that forgets samples too. */
function feeding(model: Model, inputs: readonly BorderTensor[]): Pick<NodeModel, "feed" | "reset"> {
  const stream = inputs.length === 1 ? inputs[0]!.stream : undefined;
  if (!stream)
    return { feed: () => refuse("feed", "one input that is a stream", "none"), reset: model.reset };
  const feeder = feederOf(model, stream);
  return {
    feed: feeder.feed,
    reset() {
      model.reset();
      feeder.reset();
    },
  };
}

/**
 * The model of a file. Throws ImageError where it is damaged or not signed with the key, EngineError or ModelError where
 * the module is one that a device would refuse. Who wrote a file without a key's signature decides how long its
 * inferences take: run it in a worker that you can end.
 */
export async function load(source: Source, { key, twins }: LoadOptions = {}): Promise<NodeModel> {
  const { module, ...said } = openFile(await bytesOf(source), key);
  const borders = readDescriptor(module);
  if (!borders) throw new ModelError(`module: expected a custom section ${DESCRIPTOR_SECTION}, found none`);
  const categories = await categoriesIn(module);
  const described = [
    borders.inputs.map((info, i) => {
      const table = categories[i];
      return { ...describe(info, info.features), ...(table && { categories: table }) };
    }),
    borders.outputs.map((info) => describe(info, info.labels)),
  ] as const;
  const extra = extraPages(module.length, described);
  const instance = instantiate(module, (checked) => withPages(checked, extra));
  checkTensors("input", instance.inputs, borders.inputs);
  checkTensors("output", instance.outputs, borders.outputs);
  const { exports, memory } = instance;
  const model = serve(exports, described, module, memory.buffer.byteLength - extra * PAGE, twins);
  const hash = createHash("sha256").update(module).digest("hex");
  return {
    ...model,
    ...feeding(model, borders.inputs),
    ...(borders.task && { task: borders.task }),
    hash,
    ...said,
  };
}
