/** Runs the firmware on one of QEMU's machines, with a flash image in its memory. */
import { readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Vector } from "../ir/graph.ts";
import { EngineError, tookTooLong } from "../module/engine.ts";
import { buildFirmware, type FirmwareOptions, machineOf } from "./qemu_build.ts";
import { EMULATION, type Machine } from "./qemu_machines.ts";
import { encodeRequest, parseReport, type Report, type Request, splitOutputs } from "./qemu_protocol.ts";
import { openScratch, type ProcessResult, runProcess, type Scratch } from "./toolchain.ts";

export interface FirmwareRequest extends Request {
  /** A flash image (partition table and slots) as `thimble flash` makes it, or the path of one. */
  readonly flash: Uint8Array | string;
  readonly build?: FirmwareOptions;
  /** The longest that one inference may take, and the start as long; default: what instructions are limited to. */
  readonly milliseconds?: number | undefined;
}

export interface FirmwareResult extends Report {
  /** Outputs of the vectors that were run without error. */
  readonly outputs: readonly Vector[];
  /** Lines that the firmware wrote to its console. */
  readonly console: readonly string[];
}

/** Only for an emulator that hangs: what the firmware may run for is limited by instructions. */
const WALL_LIMIT_MS = 15 * 60 * 1000;
/** The slowest model in wasm3 takes 2 000 million; open and every vector get this much. */
const DEFAULT_LIMIT_MILLIONS = 10_000;

/** Exit statuses: enum board_status in firmware/port/qemu/board.h. */
const EXIT_LIMIT = 3;

/** Puts a flash image of any size into the file for the machine's memory, which has exactly one. */
async function placeFlash(
  flash: Uint8Array | string,
  file: string,
  { engine, flashBytes }: Machine,
): Promise<void> {
  const bytes = typeof flash === "string" ? (await stat(flash)).size : flash.length;
  if (bytes > flashBytes)
    throw new EngineError(engine, `flash: expected at most ${flashBytes} bytes, found ${bytes}`);
  if (typeof flash === "string" && bytes === flashBytes) return symlink(resolve(flash), file);
  await writeFile(file, typeof flash === "string" ? await readFile(flash) : flash);
  await truncate(file, flashBytes);
}

function explain({ status, signal, stderr }: ProcessResult, lines: readonly string[], limit: number): string {
  if (signal === "SIGKILL") return `expected the emulator to end within ${WALL_LIMIT_MS / 60_000} minutes`;
  if (status === EXIT_LIMIT) return `expected at most ${limit} million instructions, found more`;
  const last = lines.at(-1) ?? stderr.trim().split("\n")[0] ?? "";
  return `firmware ended with ${signal ?? `status ${status}`}: ${last || "nothing on its console"}`;
}

async function runIn({ folder, guard }: Scratch, request: FirmwareRequest): Promise<FirmwareResult> {
  const machine = machineOf(request.build ?? {});
  const { bank } = await buildFirmware(request.build);
  const limitMillions = request.limitMillions ?? DEFAULT_LIMIT_MILLIONS * (1 + request.vectors.length);
  await symlink(bank, join(folder, "firmware.bin"));
  await placeFlash(request.flash, join(folder, "flash.bin"), machine);
  await writeFile(join(folder, "request.bin"), encodeRequest({ ...request, limitMillions }));
  const { milliseconds, vectors } = request;
  const result = await runProcess([machine.emulator, ...machine.boot, ...EMULATION], undefined, {
    cwd: folder,
    timeoutMs: milliseconds === undefined ? WALL_LIMIT_MS : milliseconds * (1 + vectors.length),
    started: guard,
  });
  if (result.signal === "SIGKILL" && milliseconds !== undefined)
    throw tookTooLong(machine.engine, milliseconds);
  const lines = result.stdout
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  if (result.status !== 0) throw new EngineError(machine.engine, explain(result, lines, limitMillions));
  const report = parseReport(await readFile(join(folder, "report.txt"), "utf8"));
  const outputs = splitOutputs(await readFile(join(folder, "outputs.bin")), report.outputBytes, report.taken);
  return { ...report, outputs, console: lines };
}

/**
 * Boots the firmware with this flash and runs the vectors. A model that is refused, or that fails, is no
 * exception: `status` and `statusText` say so. Throws EngineError where the firmware cannot be built, has no
 * such model, traps, or takes more instructions than it may.
 */
export async function runFirmware(request: FirmwareRequest): Promise<FirmwareResult> {
  const scratch = openScratch(join(tmpdir(), "thimble-qemu-"));
  try {
    return await runIn(scratch, request);
  } finally {
    scratch.done();
  }
}
