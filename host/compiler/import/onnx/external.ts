/** Tensors that an ONNX file keeps in other files of its folder, as exporters write them: "external data". */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, win32 } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema, type TensorProto, TensorProto_DataLocation } from "onnx-buf";
import { BUDGETS } from "../../../budgets.ts";
import { fileKind } from "../../../file_kind.ts";
import { attempt } from "../../../ir/faults.ts";
import { ModelError } from "../../../ir/graph.ts";
import { translateAll } from "../importer.ts";
import { checkFields } from "./budget.ts";
import { byteLength } from "./constant.ts";

/** Where a tensor's bytes lie. */
interface Place {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

const KEYS = ["location", "offset", "length", "checksum"];
const ADVICE = "; Python: onnx.save(onnx.load(file), file) keeps all data within the model file";

export const isExternal = (tensor: TensorProto): boolean =>
  tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0;

/** Tensors of the graph and of its nodes' attributes. */
const tensorsOf = ({ graph }: ModelProto): TensorProto[] => [
  ...(graph?.initializer ?? []),
  ...(graph?.node ?? []).flatMap(({ attribute }) =>
    attribute.flatMap(({ t, tensors }) => [...(t ? [t] : []), ...tensors]),
  ),
];

/** A count of bytes that the file writes in decimal digits. */
function countOf(key: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d{1,15}$/.test(text))
    throw new ModelError(`external data: ${key}: expected a count, found "${text}"`);
  return Number(text);
}

/** Throws ModelError where the path may lead out of the model's folder, on this system or another. */
function checkLocation(location: string | undefined): string {
  if (location === undefined || location === "")
    throw new ModelError("external data: expected the key location, found none");
  const parts = location.split("/");
  if (isAbsolute(location) || win32.isAbsolute(location) || /[\\:\0]/.test(location) || parts.includes(".."))
    throw new ModelError(`external data: expected a path within the model's folder, found "${location}"`);
  return join(...parts);
}

function placeOf(tensor: TensorProto): Place {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const strange = tensor.externalData.find(({ key }) => !KEYS.includes(key));
  if (strange)
    throw new ModelError(`external data: expected the keys ${KEYS.join(", ")}, found "${strange.key}"`);
  if (entries.size < tensor.externalData.length)
    throw new ModelError("external data: expected each key once, found one twice");
  const expected = byteLength(tensor);
  const length = countOf("length", entries.get("length"), expected);
  if (length !== expected)
    throw new ModelError(`external data: expected a length of ${expected} bytes, found ${length}`);
  return {
    location: checkLocation(entries.get("location")),
    offset: countOf("offset", entries.get("offset"), 0),
    length,
  };
}

/** Neighbours of a tensor may not share bytes with it, unless all of them are shared: then both are one. */
function checkOverlap(places: readonly Place[]): void {
  const ordered = places.toSorted((a, b) => a.offset - b.offset || a.length - b.length);
  ordered.forEach((place, i) => {
    const before = ordered[i - 1];
    if (!before || (before.offset === place.offset && before.length === place.length)) return;
    if (place.length > 0 && before.offset + before.length > place.offset)
      throw new ModelError(
        `external data ${place.location}: expected tensors that do not overlap, found two at byte ${place.offset}`,
      );
  });
}

/** Opens a regular file that really lies in the folder: no part of its path is a link. */
function openWithin(folder: string, location: string): number {
  const root = realpathSync(folder);
  const path = join(root, location);
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    throw new ModelError(
      `external data: expected the file ${location} beside the model, found none${ADVICE}`,
    );
  }
  if (real !== path)
    throw new ModelError(`external data: expected ${location} to be a file, found a symbolic link`);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const info = fstatSync(file);
  if (info.isFile()) return file;
  closeSync(file);
  throw new ModelError(`external data: expected ${location} to be a file, found ${fileKind(info)}`);
}

function readPlace(file: number, { location, offset, length }: Place): Uint8Array {
  const { size } = fstatSync(file);
  if (offset + length > size)
    throw new ModelError(
      `external data ${location}: expected ${offset + length} bytes, found ${size}: the file is cut off`,
    );
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const count = readSync(file, bytes, read, length - read, offset + read);
    if (count === 0)
      throw new ModelError(`external data ${location}: expected ${length} bytes, found ${read}`);
    read += count;
  }
  return bytes;
}

/** Reads what lies in one file into its tensors. */
function fill(
  folder: string,
  placed: readonly { readonly tensor: TensorProto; readonly place: Place }[],
): void {
  checkOverlap(placed.map(({ place }) => place));
  const file = openWithin(folder, placed[0]!.place.location);
  try {
    for (const { tensor, place } of placed) {
      tensor.rawData = new Uint8Array(readPlace(file, place));
      tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
      tensor.externalData = [];
    }
  } finally {
    closeSync(file);
  }
}

/** Places of the tensors whose data are elsewhere. Throws ModelError with all that are wrong. */
function placesOf(model: ModelProto): { readonly tensor: TensorProto; readonly place: Place }[] {
  const faults: string[] = [];
  const placed = tensorsOf(model)
    .filter(isExternal)
    .flatMap((tensor) => {
      try {
        return [{ tensor, place: placeOf(tensor) }];
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        faults.push(`tensor ${tensor.name}: ${error.message}`);
        return [];
      }
    });
  translateAll(
    [],
    () => "",
    () => undefined,
    faults,
  );
  return placed;
}

/**
 * The model with all its data in one file: the same bytes where they are there already. Only regular files in `folder`
 * or below are read. Throws ModelError, of one line, where a path leads elsewhere or a file lacks what the model names.
 */
export function withExternalData(file: string, bytes: Uint8Array): Uint8Array {
  // No decoding for files without, which are nearly all: the name of the key stands in every other.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes("location")) return bytes;
  checkFields(bytes);
  const model = attempt([], () => decode(bytes));
  if (!model) return bytes;
  const placed = placesOf(model);
  if (placed.length === 0) return bytes;
  const total = placed.reduce((sum, { place }) => sum + place.length, bytes.length);
  if (!(total <= BUDGETS.modelBytes))
    throw new ModelError(
      `external data: expected at most ${BUDGETS.modelBytes} bytes in all, found ${total}`,
    );
  for (const location of new Set(placed.map(({ place }) => place.location)))
    fill(
      dirname(file),
      placed.filter(({ place }) => place.location === location),
    );
  return toBinary(ModelProtoSchema, model);
}

/** A file that can't be decoded is left to the reader, which says so. */
function decode(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    throw new ModelError(error instanceof Error ? error.message : String(error));
  }
}
