import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ModelProtoSchema } from "onnx-buf";
import { ModelError } from "../../../ir/graph.ts";

/**
 * A message of two bytes is decoded to an object of hundreds, a number of one byte to sixteen or
 * more. So the file is walked first, and refused where decoding it would take far more memory than
 * the file has bytes.
 */
const MAX_COST = 2 ** 22;
const MESSAGE_COST = 16;
/** The decoder gives up at the same depth. */
const MAX_DEPTH = 100;

type Fields = ReadonlyMap<number, DescField>;

const known = new WeakMap<DescMessage, Fields>();

function fieldsOf(message: DescMessage): Fields {
  const fields = known.get(message) ?? new Map(message.fields.map((field) => [field.number, field]));
  known.set(message, fields);
  return fields;
}

/** Whether a list of that field may stand packed as numbers of one byte or more. */
function isVarintList(field: DescField): boolean {
  if (field.fieldKind !== "list") return false;
  const { scalar } = field;
  return (
    field.listKind === "enum" || [ScalarType.INT32, ScalarType.INT64, ScalarType.UINT64].includes(scalar!)
  );
}

/** Numbers in a packed list: each has one byte without the top bit. */
const packedCount = (bytes: Uint8Array): number =>
  bytes.reduce((count, byte) => (byte < 0x80 ? count + 1 : count), 0);

/** The rest of `budget`. */
function walk(message: DescMessage, bytes: Uint8Array, depth: number, budget: number): number {
  const fields = fieldsOf(message);
  const reader = new BinaryReader(bytes);
  let left = budget;
  while (reader.pos < bytes.length) {
    const [number, wire] = reader.tag();
    const field = fields.get(number);
    left -= field?.message ? MESSAGE_COST : 1;
    // As the decoder does, which takes a message's length from whatever wire type.
    if (field?.message && depth < MAX_DEPTH) left = walk(field.message, reader.bytes(), depth + 1, left);
    else if (wire === WireType.LengthDelimited && field && isVarintList(field))
      left -= packedCount(reader.bytes());
    else reader.skip(wire, number);
    if (left < 0) throw new ModelError(`expected an ONNX model of at most ${MAX_COST} values, found more`);
  }
  return left;
}

/** Throws ModelError where the file is malformed, or would not fit into memory decoded. */
export function checkFields(bytes: Uint8Array): void {
  try {
    walk(ModelProtoSchema, bytes, 0, MAX_COST);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError(`expected an ONNX model: ${error instanceof Error ? error.message : error}`);
  }
}
