import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { boardHelp } from "../firmware/board_notes.ts";
import { BOARD_NAMES, BOARDS, FLASH_LAYOUTS, stackFault } from "../firmware/boards.ts";
import { openScratch } from "../firmware/toolchain.ts";
import { ImageError } from "../image/error.ts";
import { composeFlash, flashBytesFor, flashPieces, type Piece, slotFor, slotPiece } from "../image/flash.ts";
import { defaultTable, type FlashLayout, SLOT_ALIGNMENT, SLOT_BYTES, type Slot } from "../image/layout.ts";
import { parseImage } from "../image/mcuboot.ts";
import { type Partition, readTable } from "../image/partition_table.ts";
import { bytes as showBytes, table } from "../table.ts";
import { readBytes, writeAll } from "./files.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";

const OPTIONS = {
  output: { type: "string", short: "o" },
  board: { type: "string" },
  "partition-table": { type: "string" },
  "slot-size": { type: "string" },
  "model-only": { type: "boolean" },
  model: { type: "string" },
  slot: { type: "string" },
  port: { type: "string" },
  json: { type: "boolean" },
} as const;
type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];

const DEFAULT_BOARD = "esp32-c3";
const INSTALL = "pip install esptool";

interface Input {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** A damaged image would only be found out by the device. */
function readImage(file: string): Input {
  const bytes = readBytes(file, "an image (.img)");
  try {
    parseImage(bytes);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.status, `${file}: ${error.message}`);
  }
  return { file, bytes };
}

const NAMES = [...FLASH_LAYOUTS.keys()].join(", ");

function layoutOf(name: string): FlashLayout {
  const layout = FLASH_LAYOUTS.get(name);
  if (layout) return layout;
  const reason = BOARD_NAMES.includes(name)
    ? `: flash can't lay out ${name}, write the image with its own tools`
    : "";
  throw new UsageError(`--board: expected ${NAMES}, found "${name}"${reason}`);
}

function slotBytes(text: string | undefined): number {
  const size = text === undefined ? SLOT_BYTES : wholeNumber("--slot-size", text, 1);
  if (size % SLOT_ALIGNMENT === 0) return size;
  throw new UsageError(`--slot-size: expected a multiple of ${SLOT_ALIGNMENT}, found ${size}`);
}

function tableOf(values: Values, board: FlashLayout, models: number): Partition[] {
  const file = values["partition-table"];
  if (file === undefined) return defaultTable(board, models, slotBytes(values["slot-size"]));
  if (values["slot-size"] !== undefined) {
    throw new UsageError("expected --slot-size or --partition-table, found both");
  }
  try {
    return readTable(readBytes(file, "a partition table"));
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.status, `${file}: ${error.message}`);
  }
}

function slotOf(text: string): Slot {
  if (text === "a" || text === "b") return text;
  throw new UsageError(`--slot: expected a or b, found "${text}"`);
}

/** A device would refuse it too. Tables of other boards' flash say nothing of their stack, nor do images of imgtool. */
function checkStack(name: string, { file, bytes }: Input): void {
  const board = BOARDS.find((candidate) => candidate.name === name);
  const { nativeStack } = parseImage(bytes);
  const fault = board && nativeStack && stackFault(nativeStack, board);
  if (fault !== undefined) throw new ImageError("STACK", `${file}: ${fault}`);
}

/** One image for one slot; everything else on the device stays. */
function modelPieces(values: Values, board: FlashLayout, images: readonly Input[]): Piece[] {
  if (images.length !== 1) throw new UsageError(`--model-only: expected one IMAGE, found ${images.length}`);
  const model = wholeNumber("--model", values.model ?? "0", 0);
  const table = tableOf(values, board, model + 1);
  const { file, bytes } = images[0]!;
  return [slotPiece(slotFor(table, model, slotOf(values.slot ?? "a"), bytes, file), bytes)];
}

function wholePieces(
  values: Values,
  board: FlashLayout,
  images: readonly Input[],
): { pieces: Piece[]; bytes: number } {
  if (values.model !== undefined || values.slot !== undefined) {
    throw new UsageError("expected --model and --slot with --model-only, found neither");
  }
  const table = tableOf(values, board, images.length);
  return { pieces: flashPieces(table, images), bytes: flashBytesFor(table, board.flashBytes) };
}

/** How to call esptool here; the command is `esptool` since version 5. */
function findEsptool(): string[] {
  const candidates = process.env["ESPTOOL"]
    ? [[process.env["ESPTOOL"]]]
    : [["esptool"], ["esptool.py"], ["python3", "-m", "esptool"], ["python", "-m", "esptool"]];
  const found = candidates.find(([command, ...args]) => {
    return spawnSync(command!, [...args, "version"], { stdio: "ignore" }).status === 0;
  });
  if (found) return found;
  const names = candidates.map((candidate) => candidate.join(" ")).join(", ");
  throw new ImageError("ARGUMENT", `--port: expected esptool (${names}), found none; install: ${INSTALL}`);
}

/** Writes the pieces over the serial port; esptool's own output is shown on stderr. */
function handOver(pieces: readonly Piece[], port: string, chip: string, esptool: readonly string[]): void {
  const { folder, done } = openScratch(join(tmpdir(), "thimble-flash-"));
  try {
    const places = pieces.flatMap(({ offset, bytes }) => {
      const file = join(folder, `${offset.toString(16)}.bin`);
      writeFileSync(file, bytes);
      return [`0x${offset.toString(16)}`, file];
    });
    // The name with an underscore is the one that versions 4 and 5 both know.
    const args = [...esptool.slice(1), "--chip", chip, "--port", port, "write_flash", ...places];
    const { status } = spawnSync(esptool[0]!, args, { stdio: ["inherit", 2, 2] });
    if (status !== 0)
      throw new ImageError("ARGUMENT", `--port ${port}: expected esptool to succeed, found status ${status}`);
  } finally {
    done();
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/** IMAGE may be given several times, which `parse` has to know beforehand. */
function parseImages(args: readonly string[]) {
  const { positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
  });
  return parse(args, OPTIONS, Array(Math.max(1, positionals.length)).fill("IMAGE"));
}

export const flashCommand: Command = {
  name: "flash",
  summary: "lay images out in flash, to a file or to a board",
  usage: `thimble flash IMAGE... [-o FLASH.bin] [--port DEVICE] [--board ${DEFAULT_BOARD}] [--json]
              [--partition-table FILE | --slot-size BYTES=${SLOT_BYTES}]
       thimble flash --model-only IMAGE [--model 0] [--slot a] [-o SLOT.bin] [--port DEVICE] ...

Lays out partition table, journal and slots, the i-th IMAGE in slot A of model i. FLASH.bin is all of flash
from offset 0, erased where nothing lies; an emulator boots from it. --port writes to a board with esptool,
and only what changes: bootloader and firmware stay.
  --board            ${NAMES}
  --partition-table  the table of your project (partitions.csv, or the binary that ESP-IDF makes of it)
  --model-only       just one image into one slot; the table and the journal stay as they are

Boards, none of them tried as hardware:
${boardHelp()}`,

  async run(args) {
    const { values, positionals } = parseImages(args);
    const { output, port } = values;
    if (output === undefined && port === undefined) {
      throw new UsageError("expected -o FILE or --port DEVICE, found neither");
    }
    const name = values.board ?? DEFAULT_BOARD;
    const board = layoutOf(name);
    if (port !== undefined && board.chip === undefined) {
      throw new UsageError(`--port: expected a board that esptool knows, found ${name}`);
    }
    const images = positionals.map(readImage);
    for (const image of images) checkStack(name, image);
    const whole = values["model-only"] ? undefined : wholePieces(values, board, images);
    const pieces = whole?.pieces ?? modelPieces(values, board, images);
    const esptool = port === undefined ? [] : findEsptool();
    const contents = whole ? composeFlash(pieces, whole.bytes) : pieces[0]!.bytes;
    if (output !== undefined) writeAll(dirname(output), { [basename(output)]: contents });
    if (port !== undefined) handOver(pieces, port, board.chip!, esptool);
    const list = pieces.map(({ label, offset, bytes }) => ({ label, offset, bytes: bytes.length }));
    if (values.json) {
      printJson({ board: name, pieces: list, ...(output !== undefined && { file: output }) });
      return;
    }
    print(table(list.map(({ label, offset, bytes }) => [hex(offset), label, showBytes(bytes)])));
    if (output !== undefined) print(`written ${output}, ${showBytes(contents.length)}`);
    if (port !== undefined) print(`written to ${port}`);
  },
};
