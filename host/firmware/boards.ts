/** What the tuner has to know of a board: how much room a model has, and how long instructions take. */
import { readFileSync } from "node:fs";
import { SLOT_BYTES } from "../image/layout.ts";
import { checkDocument, isBoolean, isCount, isNumber, isRecord, isText } from "../ir/document.ts";
import { ModelError } from "../ir/graph.ts";

export interface BoardProfile {
  readonly name: string;
  readonly clockMHz: number;
  /** Clock cycles for each of the instructions that are counted on rv32imac in QEMU. */
  readonly cyclesPerInstruction: number;
  /** RAM that a model may take in all: linear memory, wasm3 with its stack, the C stack. */
  readonly ramBytes: number;
  /** Flash for one slot of a model: the module with the image's header and signature around it. */
  readonly slotBytes: number;
  /** Whether the firmware has native kernels to put in the place of the module's own. */
  readonly nativeKernels: boolean;
}

const KIB = 1024;

/**
 * Cycles per instruction are estimates, until somebody measures on the boards themselves. All assume that code
 * in flash is mostly in the cache. The C3 is one in-order pipeline of four stages: taken branches cost three
 * cycles and loads that are used at once two, of which interpreters have many. The Xtensa cores are assumed to
 * need as many instructions as rv32imac; LX6 and LX7 have deeper pipelines, and the ESP8266 a small cache in
 * front of a slow flash. RAM is what is left beside ESP-IDF with Wi-Fi for one of several tasks.
 */
export const BOARDS: readonly BoardProfile[] = [
  { name: "esp32", clockMHz: 240, cyclesPerInstruction: 1.5, ramBytes: 96 * KIB, nativeKernels: true },
  { name: "esp32-c3", clockMHz: 160, cyclesPerInstruction: 1.4, ramBytes: 64 * KIB, nativeKernels: true },
  { name: "esp32-s3", clockMHz: 240, cyclesPerInstruction: 1.4, ramBytes: 128 * KIB, nativeKernels: true },
  // Too little flash is mapped for the native kernels beside wasm3.
  { name: "esp8266", clockMHz: 80, cyclesPerInstruction: 1.8, ramBytes: 32 * KIB, nativeKernels: false },
].map((profile) => ({ ...profile, slotBytes: SLOT_BYTES }));

export const BOARD_NAMES: readonly string[] = BOARDS.map(({ name }) => name);

export const DEFAULT_BOARD: BoardProfile = BOARDS.find(({ name }) => name === "esp32-c3")!;

const isProfile = isRecord({
  name: isText,
  clockMHz: isNumber,
  cyclesPerInstruction: isNumber,
  ramBytes: isCount,
  slotBytes: isCount,
  nativeKernels: isBoolean,
});

const POSITIVE = ["clockMHz", "cyclesPerInstruction", "ramBytes", "slotBytes"] as const;

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${where}: expected JSON: ${(error as Error).message}`);
  }
}

/**
 * A profile from the text of a JSON file with exactly the fields of BoardProfile. Throws ModelError, which begins
 * with `where`, for anything else.
 */
export function parseBoard(text: string, where: string): BoardProfile {
  const value = parseJson(text, where);
  checkDocument(value, isProfile, where);
  const board = value as BoardProfile;
  for (const field of POSITIVE) {
    if (board[field] <= 0)
      throw new ModelError(`${where}: ${field}: expected more than 0, found ${board[field]}`);
  }
  const unknown = Object.keys(board).find((key) => !(key in DEFAULT_BOARD));
  if (unknown !== undefined) throw new ModelError(`${where}: unknown field ${unknown}`);
  return board;
}

/** A board by its name, or by the path of a file that ends in .json. Throws ModelError where it is neither. */
export function findBoard(nameOrFile: string): BoardProfile {
  if (nameOrFile.endsWith(".json")) return parseBoard(readFileSync(nameOrFile, "utf8"), nameOrFile);
  const board = BOARDS.find(({ name }) => name === nameOrFile);
  if (board) return board;
  throw new ModelError(
    `expected ${BOARD_NAMES.join(", ")} or a .json file, found ${JSON.stringify(nameOrFile)}`,
  );
}

/** Milliseconds that so many instructions take on the board. */
export const milliseconds = (instructions: number, board: BoardProfile): number =>
  (instructions * board.cyclesPerInstruction) / (board.clockMHz * 1000);
