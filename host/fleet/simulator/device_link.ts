/**
 * The host's end of the emulated device's UART: frames with a CRC, HTTP requests that it makes for the device.
 * The other end is firmware/port/qemu-riscv32/update/link.c, every byte is in that port's README.md.
 */
import { crc32 } from "node:zlib";
import { type Answer, type Request, rangeStart, retryAfter } from "./ddi.ts";

const START = 0xa5;
const [HEADER_BYTES, CRC_BYTES] = [4, 4];
/** Bytes of one piece of an answer; the device's buffer. */
export const MAX_PAYLOAD = 1024;

const TYPES = { H: "hello", Q: "request", M: "more", S: "stop", L: "log", I: "inference" } as const;
export interface Frame {
  readonly type: (typeof TYPES)[keyof typeof TYPES];
  readonly payload: Buffer;
}

export function encodeFrame(type: "h" | "b" | "e", payload: Uint8Array): Buffer {
  if (payload.length > MAX_PAYLOAD)
    throw new RangeError(`frame: expected at most ${MAX_PAYLOAD} bytes, found ${payload.length}`);
  const frame = Buffer.alloc(HEADER_BYTES + payload.length + CRC_BYTES);
  frame.writeUInt8(START, 0);
  frame.write(type, 1, "latin1");
  frame.writeUInt16LE(payload.length, 2);
  frame.set(payload, HEADER_BYTES);
  frame.writeUInt32LE(crc32(frame.subarray(1, -CRC_BYTES)), frame.length - CRC_BYTES);
  return frame;
}

/** Takes frames out of a stream of bytes. Bytes that are in none, as of a trap's text, are skipped. */
export function frameReader(): (data: Uint8Array) => Frame[] {
  let held = Buffer.alloc(0);
  const next = (): Frame | undefined => {
    for (let start = held.indexOf(START); start >= 0; start = held.indexOf(START, start + 1)) {
      const at = held.subarray(start);
      const type = TYPES[at.toString("latin1", 1, 2) as keyof typeof TYPES];
      if (at.length > 1 && type === undefined) continue;
      if (at.length < HEADER_BYTES) return undefined;
      const end = HEADER_BYTES + at.readUInt16LE(2);
      if (at.length < end + CRC_BYTES) return undefined;
      if (crc32(at.subarray(1, end)) !== at.readUInt32LE(end)) continue;
      held = at.subarray(end + CRC_BYTES);
      return { type: type!, payload: Buffer.from(at.subarray(HEADER_BYTES, end)) };
    }
    held = Buffer.alloc(0);
    return undefined;
  };
  return (data) => {
    held = Buffer.concat([held, data]);
    const frames: Frame[] = [];
    for (let frame = next(); frame; frame = next()) frames.push(frame);
    return frames;
  };
}

export function parseRequest(payload: Buffer): Request {
  const [method = "", url = "", authorization = "", body = ""] = payload.toString("utf8", 4).split("\0");
  const start = payload.readUInt32LE(0);
  return {
    method,
    url,
    headers: {
      ...(authorization !== "" && { authorization }),
      ...(body !== "" && { "content-type": "application/json" }),
      ...(start > 0 && { range: `bytes=${start}-` }),
    },
    ...(body !== "" && { body }),
  };
}

function encodeHead({ status, headers }: Answer): Buffer {
  const words = Buffer.alloc(12);
  words.writeUInt32LE(status, 0);
  words.writeUInt32LE(rangeStart(headers), 4);
  words.writeUInt32LE(retryAfter(headers), 8);
  return words;
}

/** The frames of an answer, in order. */
export function* answerFrames(answer: Answer): Generator<Buffer> {
  yield encodeFrame("h", encodeHead(answer));
  for (const piece of answer.body)
    for (let at = 0; at < piece.length; at += MAX_PAYLOAD)
      yield encodeFrame("b", piece.subarray(at, at + MAX_PAYLOAD));
  yield encodeFrame("e", Uint8Array.of(answer.whole ? 1 : 0));
}

export interface Inference {
  /** MAJOR.MINOR.REVISION of the model that ran. */
  readonly version: string;
  /** A thimble_status. */
  readonly status: number;
  /** The first output; empty where it failed. */
  readonly output: Uint8Array;
}

export function parseInference(payload: Buffer): Inference {
  const version = `${payload.readUInt8(0)}.${payload.readUInt8(1)}.${payload.readUInt16LE(2)}`;
  return { version, status: payload.readInt32LE(4), output: new Uint8Array(payload.subarray(8)) };
}

export interface DeviceFile {
  /** Trusted Ed25519 public keys of 32 bytes; four at most. */
  readonly keys: readonly Uint8Array[];
  /** The controller's address: https://host/TENANT/controller/v1/ID. */
  readonly url: string;
  readonly authorization?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly seed?: number;
  /** Values that its sensors read at every inference, by the names of features; the model needs labels then. */
  readonly readings?: Readonly<Record<string, number>>;
}

const [DEVICE_MAGIC, KEYS_MOST, KEY_BYTES, TEXT_BYTES] = [0x56444854, 4, 32, 1024];

/** The bits of a float32 as a number in hexadecimal. */
function floatHex(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return bytes.toString("hex");
}

/** The bytes of `device.bin`. Throws RangeError where something does not fit. */
export function encodeDeviceFile({
  keys,
  url,
  authorization = "",
  attributes,
  seed = 1,
  readings = {},
}: DeviceFile): Buffer {
  if (keys.length > KEYS_MOST || keys.some((key) => key.length !== KEY_BYTES))
    throw new RangeError(`keys: expected at most ${KEYS_MOST} of ${KEY_BYTES} bytes, found ${keys.length}`);
  const fixed = [url, authorization, attributes ? JSON.stringify(attributes) : ""];
  const texts = [...fixed, ...Object.entries(readings).flatMap(([name, value]) => [name, floatHex(value)])];
  const text = Buffer.from(texts.map((each) => `${each}\0`).join(""));
  if (text.length > TEXT_BYTES)
    throw new RangeError(`device.bin: expected texts of at most ${TEXT_BYTES} bytes, found ${text.length}`);
  const table = Buffer.alloc(KEYS_MOST * KEY_BYTES);
  Buffer.concat(keys).copy(table);
  const words = Buffer.alloc(12);
  [DEVICE_MAGIC, seed, keys.length].forEach((value, i) => {
    words.writeUInt32LE(value, 4 * i);
  });
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(text.length);
  return Buffer.concat([words, table, bytes, text]);
}
