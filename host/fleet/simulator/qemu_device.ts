/** A device in QEMU that updates itself: power on with a file of flash, power off at any moment, and on again. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BANK_BYTES, buildFirmware } from "../../firmware/qemu_build.ts";
import { MACHINES } from "../../firmware/qemu_machines.ts";
import { openScratch } from "../../firmware/toolchain.ts";
import { EngineError } from "../../module/engine.ts";
import type { Answer, Request } from "./ddi.ts";
import {
  answerFrames,
  type DeviceFile,
  encodeDeviceFile,
  type Frame,
  frameReader,
  type Inference,
  parseInference,
  parseRequest,
} from "./device_link.ts";

export interface PowerOptions {
  /** A file of the whole second bank, which the device changes: partition table, journal, slots. */
  readonly flash: string;
  readonly device: DeviceFile;
  /** Makes the requests of the device. */
  answer(request: Request): Answer | Promise<Answer>;
  /** Everything that the device sends, before it is acted on. */
  seen?(frame: Frame): void;
  inferred?(inference: Inference): void;
}

export interface PoweredDevice {
  /** At once, whatever the device is doing; resolves when nothing of it runs any more. */
  off(): Promise<void>;
  /** Resolves when the device is off; rejects with EngineError where it ended by itself. */
  readonly ended: Promise<void>;
}

const drive = (unit: number, file: string, more: string): string[] => [
  "-drive",
  `if=pflash,format=raw,unit=${unit},file=${file}${more}`,
];

/** sleep=off: while the device waits for its next poll, its clock jumps there. */
const command = [
  ...["-M", "virt", "-bios", "none", "-m", "16M", "-icount", "shift=0,sleep=off"],
  ...["-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"],
  ...["-semihosting-config", "enable=on,target=native"],
  ...drive(0, "firmware.bin", ",readonly=on"),
  ...drive(1, "flash.bin", ""),
];

/** Acts on the frames of one device, one after the other. */
function bridge(options: PowerOptions, send: (frame: Buffer) => void): (frame: Frame) => Promise<void> {
  let left: Generator<Buffer> | undefined;
  const sendNext = (): void => {
    const frame = left?.next();
    if (frame && !frame.done) send(frame.value);
  };
  return async ({ type, payload }) => {
    if (type === "inference") options.inferred?.(parseInference(payload));
    if (type === "hello" || type === "stop") left = undefined;
    if (type === "request") left = answerFrames(await options.answer(parseRequest(payload)));
    if (type === "request" || type === "more") sendNext();
  };
}

/**
 * Switches a device on. Throws EngineError where the firmware cannot be built, or the file is not of the size of a bank.
 */
export async function powerOn(options: PowerOptions): Promise<PoweredDevice> {
  const bytes = statSync(options.flash).size;
  if (bytes !== BANK_BYTES)
    throw new EngineError("qemu", `flash: expected a file of ${BANK_BYTES} bytes, found ${bytes}`);
  const { bank } = await buildFirmware({ program: "update" });
  const scratch = openScratch(join(tmpdir(), "thimble-device-"));
  const { folder } = scratch;
  symlinkSync(bank, join(folder, "firmware.bin"));
  symlinkSync(resolve(options.flash), join(folder, "flash.bin"));
  writeFileSync(join(folder, "device.bin"), encodeDeviceFile(options.device));
  const child = spawn(MACHINES.rv32.emulator, command, { cwd: folder });
  if (child.pid !== undefined) scratch.guard(child.pid);
  let [isOff, last] = [false, ""];
  // A device without power hears nothing.
  child.stdin.on("error", () => {});
  child.stderr.on("data", (text: Buffer) => {
    last = text.toString().trim();
  });
  const act = bridge(options, (frame) => child.stdin.write(frame));
  const read = frameReader();
  let work = Promise.resolve();
  child.stdout.on("data", (data: Buffer) => {
    for (const frame of read(data)) {
      if (isOff) return;
      if (frame.type === "log") last = frame.payload.toString();
      options.seen?.(frame);
      work = work.then(() => act(frame));
    }
  });
  const exit = once(child, "close");
  const ended = exit.then(async () => {
    scratch.done();
    await work;
    if (!isOff) throw new EngineError("qemu", `expected a device that runs until it is off, found: ${last}`);
  });
  // A caller that only switches it off has not asked.
  ended.catch(() => {});
  const off = async (): Promise<void> => {
    isOff = true;
    child.kill("SIGKILL");
    await exit;
  };
  return { off, ended };
}
