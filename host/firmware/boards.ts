/** Boards by name: how much room a model has, how long instructions take, and how their flash is laid out. */
import { readFileSync } from "node:fs";
import { parseJson } from "../budgets.ts";
import { espIdfFlash, type FlashLayout, QEMU_FLASH, SLOT_BYTES } from "../image/layout.ts";
import { checkDocument, isBoolean, isCount, isNumber, isRecord, isText } from "../ir/document.ts";
import { ModelError } from "../ir/graph.ts";
import { type NativeStack, type StackModel, stackBytes } from "../module/native_stack.ts";
import { integer } from "../table.ts";

export interface BoardProfile extends StackModel {
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
  /** Native stack that a task has for a model, below the frame that opens or invokes it. */
  readonly stackBytes: number;
}

/** A row of the table: what `build` tunes for, and what `flash` writes to. */
export interface Board extends BoardProfile {
  /** None where `flash` can't lay it out. */
  readonly flash?: FlashLayout;
}

const KIB = 1024;

type Stack = StackModel & Pick<BoardProfile, "stackBytes">;

const RV32: Stack = { siblingCalls: true, frameBytes: 16, stackBytes: 8 * KIB };
/**
 * Register windows: no call reuses its caller's frame, and each function's has at least 32 bytes, of which the caller's
 * registers take 16 when a window is spilt.
 */
const WINDOWED: Stack = { siblingCalls: false, frameBytes: 32, stackBytes: 16 * KIB };
/** ESP8266: no windows, but its compilers make no sibling calls before GCC 13; without division, which is a call. */
const LX106: Stack = { siblingCalls: false, frameBytes: 32, stackBytes: 12 * KIB };

/**
 * Cycles per instruction are estimates, until somebody measures on the boards themselves. All assume that code
 * in flash is mostly in the cache. The RISC-V chips (C3, C6, H2) are one in-order pipeline of four stages: taken
 * branches cost three cycles and loads that are used at once two, of which interpreters have many. The Xtensa cores are
 * assumed to need as many instructions as rv32imac; LX6 and LX7 have deeper pipelines, and the ESP8266 a small cache in
 * front of a slow flash. RAM is what is left beside ESP-IDF with its radio for one of several tasks.
 */
const rows: readonly (Pick<Board, "name" | "clockMHz" | "cyclesPerInstruction"> & {
  readonly ramKiB: number;
  readonly stack: Stack;
})[] = [
  { name: "esp32", clockMHz: 240, cyclesPerInstruction: 1.5, ramKiB: 96, stack: WINDOWED },
  { name: "esp32-c3", clockMHz: 160, cyclesPerInstruction: 1.4, ramKiB: 64, stack: RV32 },
  { name: "esp32-c6", clockMHz: 160, cyclesPerInstruction: 1.4, ramKiB: 128, stack: RV32 },
  { name: "esp32-h2", clockMHz: 96, cyclesPerInstruction: 1.4, ramKiB: 64, stack: RV32 },
  { name: "esp32-s2", clockMHz: 240, cyclesPerInstruction: 1.4, ramKiB: 64, stack: WINDOWED },
  { name: "esp32-s3", clockMHz: 240, cyclesPerInstruction: 1.4, ramKiB: 128, stack: WINDOWED },
];

export const BOARDS: readonly Board[] = [
  ...rows.map(({ name, ramKiB, stack, ...profile }) => ({
    name,
    ...profile,
    ...stack,
    ramBytes: ramKiB * KIB,
    slotBytes: SLOT_BYTES,
    nativeKernels: true,
    flash: espIdfFlash(name.replace("-", "")),
  })),
  {
    name: "esp8266",
    clockMHz: 80,
    cyclesPerInstruction: 1.8,
    ramBytes: 32 * KIB,
    slotBytes: SLOT_BYTES,
    ...LX106,
    // Too little flash is mapped for the native kernels beside wasm3.
    nativeKernels: false,
  },
];

export const BOARD_NAMES: readonly string[] = BOARDS.map(({ name }) => name);

export const DEFAULT_BOARD: BoardProfile = profileOf(BOARDS.find(({ name }) => name === "esp32-c3")!);

/** Flash layouts by board; the emulator's machine has one too. */
export const FLASH_LAYOUTS: ReadonlyMap<string, FlashLayout> = new Map([
  ...BOARDS.flatMap(({ name, flash }) => (flash ? [[name, flash] as const] : [])),
  ["qemu-virt", QEMU_FLASH] as const,
]);

function profileOf({ flash: _, ...profile }: Board): BoardProfile {
  return profile;
}

const isProfile = isRecord(
  {
    name: isText,
    clockMHz: isNumber,
    cyclesPerInstruction: isNumber,
    ramBytes: isCount,
    slotBytes: isCount,
    nativeKernels: isBoolean,
  },
  { siblingCalls: isBoolean, frameBytes: isCount, stackBytes: isCount },
);

const POSITIVE = [
  "clockMHz",
  "cyclesPerInstruction",
  "ramBytes",
  "slotBytes",
  "frameBytes",
  "stackBytes",
] as const;

/** A file may leave the stack out: then it is that of the board of the same kind. */
const withStack = (board: Omit<BoardProfile, keyof Stack> & Partial<Stack>): BoardProfile => ({
  ...(board.siblingCalls === false ? WINDOWED : RV32),
  ...board,
});

function readJson(text: string, where: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ModelError(`${where}: expected JSON: ${(error as Error).message}`);
  }
}

/**
 * A profile from the text of a JSON file with the fields of BoardProfile, of which those of the stack may be left out. Throws ModelError, which begins
 * with `where`, for anything else.
 */
export function parseBoard(text: string, where: string): BoardProfile {
  const value = readJson(text, where);
  checkDocument(value, isProfile, where);
  const board = withStack(value as BoardProfile);
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
  if (board) return profileOf(board);
  throw new ModelError(
    `expected ${BOARD_NAMES.join(", ")} or a .json file, found ${JSON.stringify(nameOrFile)}`,
  );
}

/** Native stack that a model may take on the board, with its own kernels or native ones in their place. */
export const boardStack = ({ native, portable }: NativeStack, board: BoardProfile): number =>
  stackBytes(board.nativeKernels ? native : portable, board);

/** One line where that is more than the board has. */
export function stackFault(stack: NativeStack, board: BoardProfile): string | undefined {
  const found = boardStack(stack, board);
  if (found <= board.stackBytes) return undefined;
  const kernels = board.nativeKernels ? "" : " without native kernels";
  return `native stack: expected at most ${integer(board.stackBytes)} bytes on ${board.name}, found ${integer(found)}${kernels}`;
}

/** Milliseconds that so many instructions take on the board. */
export const milliseconds = (instructions: number, board: BoardProfile): number =>
  (instructions * board.cyclesPerInstruction) / (board.clockMHz * 1000);
