/** The files by which host and emulated firmware talk; the other side is firmware/port/qemu/request.h. */

import type { Vector } from "../ir/graph.ts";
import { EngineError } from "../module/engine.ts";
import type { Decided } from "../ops/border_decision.ts";

export interface Request {
  /** Ed25519 public keys that the device trusts, 32 bytes each; at most four. */
  readonly keys: readonly Uint8Array[];
  readonly vectors: readonly Vector[];
  /** Bind no native kernels. */
  readonly portableOnly?: boolean;
  readonly skipSelfTest?: boolean;
  /**
   * Vectors, and the outputs that come back, are float32 values; the firmware, built with -DREQUEST_VALUES, converts
   * and decides.
   */
  readonly real?: boolean;
  /**
   * Vectors are pieces of a stream: int16 samples of any number. Outputs and decisions are those of the calls of thimble_feed
   * that brought something new, by firmware that is built with -DREQUEST_VALUES.
   */
  readonly feed?: boolean;
  /** A monitor counts what the model sees and says, in the same firmware. */
  readonly watch?: boolean;
  readonly leastSecurityCounter?: number;
  /** RAM for the model; default: all that the machine has. */
  readonly ramBytes?: number;
  /** wasm3's own stack; default: the core's. */
  readonly stackBytes?: number;
  /** Native stack of the device; default: all that the machine has. */
  readonly nativeStack?: number;
  /** The firmware stops after so many million instructions. */
  readonly limitMillions?: number;
  /** Which model of the flash, from 0, and in which of its slots. */
  readonly model?: number;
  readonly slot?: "a" | "b";
}

/** Instructions retired and bytes, as the firmware counted them; the same in every run. */
export interface FirmwareStatistics {
  readonly openInstructions: number;
  readonly sha256Instructions: number;
  readonly ed25519Instructions: number;
  /** One for each vector. */
  readonly invokeInstructions: readonly number[];
  /** Where values are real: one for each input of each vector. */
  readonly writeInstructions: readonly number[];
  /** RAM of the monitor, where there is one. */
  readonly watchBytes: number;
  /** Most bytes of the C stack in use while the model was opened, and while it was invoked. */
  readonly openStack: number;
  readonly invokeStack: number;
  /** Bytes of these above the frames of thimble: its caller's. */
  readonly openAbove: number;
  readonly invokeAbove: number;
  /** Native stack that the model may take, as the core counts it. */
  readonly stackBytes: number;
  /** Linear memory. */
  readonly memoryBytes: number;
  readonly nativeKernels: number;
  readonly ramBytes: number;
  /** Bytes of the RAM handed in, linear memory included. */
  readonly ramUsed: number;
}

export interface Report {
  /** A value of thimble_status: 0, or negative. */
  readonly status: number;
  readonly statusText: string;
  /** The model's id; undefined where it was not opened. */
  readonly model: string | undefined;
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  /** Numbers of the vectors that brought nothing new. */
  readonly taken: readonly number[];
  readonly statistics: FirmwareStatistics;
  /** One for each vector, where values are real and the model decides, or for each event of a stream. */
  readonly decisions: readonly Decided[];
  /** Samples of a channel up to the end of each event's window, and how many samples found no room. */
  readonly ends: readonly number[];
  readonly overruns: number;
}

const MAGIC = 0x51524854;
const PORTABLE_ONLY = 1 << 0;
const SKIP_SELF_TEST = 1 << 1;
const REAL = 1 << 2;
const FEED = 1 << 3;
const WATCH = 1 << 4;
const KEYS_MOST = 4;
const KEY_BYTES = 32;

const words = (...values: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32LE(value, 4 * i);
  });
  return bytes;
};

function encodeHeader(request: Request): Uint8Array {
  const { keys, vectors } = request;
  if (keys.length > KEYS_MOST || keys.some((key) => key.length !== KEY_BYTES)) {
    throw new RangeError(`keys: expected at most ${KEYS_MOST} of ${KEY_BYTES} bytes, found ${keys.length}`);
  }
  const fields = words(
    MAGIC,
    (request.portableOnly ? PORTABLE_ONLY : 0) |
      (request.skipSelfTest ? SKIP_SELF_TEST : 0) |
      (request.real ? REAL : 0) |
      (request.feed ? FEED : 0) |
      (request.watch ? WATCH : 0),
    request.leastSecurityCounter ?? 0,
    request.ramBytes ?? 0,
    request.stackBytes ?? 0,
    request.limitMillions ?? 0,
    request.model ?? 0,
    request.slot === "b" ? 1 : 0,
    vectors.length,
    request.nativeStack ?? 0,
    keys.length,
  );
  const table = Buffer.alloc(KEYS_MOST * KEY_BYTES);
  Buffer.concat(keys).copy(table);
  return Buffer.concat([fields, table]);
}

/** The bytes of `request.bin`. */
export function encodeRequest(request: Request): Uint8Array {
  const vectors = request.vectors.flatMap((vector) => [
    words(vector.length),
    ...vector.flatMap((input) => [words(input.length), input]),
  ]);
  return Buffer.concat([encodeHeader(request), ...vectors]);
}

function fail(message: string): never {
  throw new EngineError("qemu", message);
}

const floatOf = (bits: number): number => Buffer.from(words(bits)).readFloatLE();

/** Reads `report.txt`. Throws EngineError where it is incomplete. */
export function parseReport(text: string): Report {
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines.at(-1) !== "end") fail(`report.txt: expected the line "end" last, found "${lines.at(-1) ?? ""}"`);
  const values = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const numbers = (name: string): number[] => values(name).map(Number);
  // A model that was refused has no figures of its own.
  const number = (name: string): number => numbers(name)[0] ?? 0;
  const [scores, labels] = [numbers("score"), values("label")];
  const [, code, statusText] =
    /^(0x[0-9a-f]+) (.*)$/.exec(values("status")[0] ?? "") ??
    fail("report.txt: expected a line with the status, found none");
  return {
    status: 0 - Number(code),
    statusText: statusText!.trim(),
    model: values("model")[0],
    inputBytes: numbers("input"),
    outputBytes: numbers("output"),
    taken: numbers("taken"),
    ends: numbers("end"),
    overruns: number("overruns"),
    decisions: numbers("class").map((classNumber, i) => {
      const label = labels[i]!;
      return { classNumber, score: floatOf(scores[i]!), ...(label !== "" && { label }) };
    }),
    statistics: {
      openInstructions: number("open_instructions"),
      sha256Instructions: number("sha256_instructions"),
      ed25519Instructions: number("ed25519_instructions"),
      invokeInstructions: numbers("invoke_instructions"),
      writeInstructions: numbers("write_instructions"),
      watchBytes: number("watch_bytes"),
      openStack: number("open_stack"),
      invokeStack: number("invoke_stack"),
      openAbove: number("open_above"),
      invokeAbove: number("invoke_above"),
      stackBytes: number("stack_bytes"),
      memoryBytes: number("memory_bytes"),
      nativeKernels: number("native_kernels"),
      ramBytes: number("ram_bytes"),
      ramUsed: number("ram_used"),
    },
  };
}

/**
 * Takes `outputs.bin` apart; it holds the outputs of as many vectors as were run, without those by number that brought
 * nothing new.
 */
export function splitOutputs(
  bytes: Uint8Array,
  outputBytes: readonly number[],
  taken: readonly number[] = [],
): Vector[] {
  const each = outputBytes.reduce((sum, size) => sum + size, 0);
  if (each === 0 || bytes.length % each !== 0) {
    if (bytes.length === 0) return taken.map(() => []);
    fail(`outputs.bin: expected a multiple of ${each} bytes, found ${bytes.length}`);
  }
  let at = 0;
  const take = (size: number): Uint8Array => {
    at += size;
    return new Uint8Array(bytes.subarray(at - size, at));
  };
  const empty = new Set(taken);
  return Array.from({ length: bytes.length / each + taken.length }, (_, i) =>
    empty.has(i) ? [] : outputBytes.map(take),
  );
}
