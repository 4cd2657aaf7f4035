/** A device in QEMU, its flash in a file, and an update that is interrupted as often as a test likes. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BANK_BYTES } from "../../../../host/firmware/qemu_build.ts";
import type { Answer, Request } from "../../../../host/fleet/simulator/ddi.ts";
import type { Frame, Inference } from "../../../../host/fleet/simulator/device_link.ts";
import { powerOn } from "../../../../host/fleet/simulator/qemu_device.ts";
import { composeFlash, flashPieces } from "../../../../host/image/flash.ts";
import { journalKey, slotKey } from "../../../../host/image/layout.ts";
import type { Partition } from "../../../../host/image/partition_table.ts";
import { BASE, type ScriptedServer } from "../../../support/scripted_server.ts";
import { key, publicHex } from "../../../support/signed_images.ts";
import { version } from "../../../support/two_versions.ts";

/** What one erase of the emulated bank clears: sectors of two chips. */
export const SECTOR = 256 * 1024;
const PADDING = 30_000;
export const [first, second] = [version(1, { padding: PADDING }), version(2, { padding: PADDING })];
/** More than a sector, so that a download can be resumed in the middle. */
export const large = version(2, { padding: 270_000 });

/** Journal and slots on the sectors of this flash, which are larger than those of the default layout. */
const table: readonly Partition[] = [
  { label: "journal", ...journalKey, offset: SECTOR, size: 2 * SECTOR, flags: 0 },
  { label: "model_0_a", ...slotKey(0, "a"), offset: 3 * SECTOR, size: 2 * SECTOR, flags: 0 },
  { label: "model_0_b", ...slotKey(0, "b"), offset: 5 * SECTOR, size: 2 * SECTOR, flags: 0 },
];

/** The file of a device as it leaves the factory. */
export function makeFlash(folder: string, name: string, image = first): string {
  const path = join(folder, name);
  writeFileSync(path, composeFlash(flashPieces(table, [{ file: name, bytes: image }]), BANK_BYTES));
  return path;
}

const INPUT = 1000;
/** What an inference must have given: version N adds N. */
export function checkInference({ version: text, status, output }: Inference): number {
  const major = Number(text.split(".")[0]);
  assert.equal(status, 0, `version ${text}`);
  assert.equal(new DataView(output.buffer, output.byteOffset).getInt32(0, true), INPUT + major);
  return major;
}

/** What answers a device: the scripted server, where nothing else is said. */
export interface Server {
  answer(request: Request): Answer;
  readonly url?: string;
  readonly authorization?: string;
}

export interface Life {
  /** Versions that ran, each once, in order. */
  readonly versions: readonly number[];
  readonly frames: number;
  readonly log: readonly string[];
}

/**
 * Switches the device on and lets it live until `isOver`, which is asked after every frame that it sends. Then its
 * power fails, whatever it is doing.
 */
export async function live(
  flash: string,
  { answer, url = BASE, authorization = "TargetToken secret" }: Server,
  isOver: (frame: Frame, frames: number) => boolean,
): Promise<Life> {
  const versions: number[] = [];
  const log: string[] = [];
  let frames = 0;
  let failure: unknown;
  let fail = (): void => {};
  const over = new Promise<void>((resolve) => {
    fail = resolve;
  });
  const device = await powerOn({
    flash,
    device: {
      keys: [new Uint8Array(Buffer.from(publicHex(key), "hex"))],
      url,
      authorization,
      attributes: { board: "qemu" },
    },
    answer,
    inferred(inference) {
      try {
        const ran = checkInference(inference);
        if (versions.at(-1) !== ran) versions.push(ran);
      } catch (error) {
        failure ??= error;
      }
    },
    seen(frame) {
      frames++;
      if (frame.type === "log") log.push(frame.payload.toString());
      if (isOver(frame, frames)) fail();
    },
  });
  await Promise.race([over, device.ended]);
  await device.off();
  if (failure !== undefined) throw failure;
  return { versions, frames, log };
}

/** Until the server knows how its order ended, and the device has inferred once more. */
export const untilReported =
  (server: ScriptedServer) =>
  ({ type }: Frame): boolean =>
    type === "inference" && server.deployment === undefined;

const STARTS_USED_UP = /was started as often as it may be/;

/** xorshift32. */
function randomOf(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Frames of an update that nothing interrupts, about: two for each piece of the image, and some more. */
const FRAMES = 70;

/**
 * An update during which the power fails `cuts` times, after as many frames as the seed says. How many cuts came
 * before the update was over: what happens amid a frame is the emulator's, so a failure may take several runs to return.
 */
export async function interrupted(
  folder: string,
  server: ScriptedServer,
  seed: number,
  cuts: number,
): Promise<number> {
  const flash = makeFlash(folder, `flash-${seed}.bin`);
  const random = randomOf(seed);
  const isReported = untilReported(server);
  const step = async (isOver: (frame: Frame, frames: number) => boolean): Promise<void> => {
    const isConfirmed = server.feedback.some(({ finished }) => finished === "success");
    const { versions } = await live(flash, server, isOver);
    // From its trial a model may go back to the one before; once the server knows that it is confirmed it may not.
    for (const each of versions)
      assert.ok(each === 2 || (each === 1 && !isConfirmed), `seed ${seed}: ${each}`);
  };
  let done = 0;
  for (; done < cuts && server.deployment !== undefined; done++) {
    const limit = 1 + (random() % FRAMES);
    await step((frame, frames) => frames >= limit || isReported(frame));
  }
  await step(isReported);
  const { finished, details } = server.feedback.at(-1)!;
  if (finished === "failure") {
    // Losses of power have taken all starts of its trial: the operator orders it again.
    assert.match(details[0]!, STARTS_USED_UP, `seed ${seed}`);
    server.deployment = { id: 1000 + seed, image: second };
    await step(isReported);
  }
  assert.equal(server.feedback.at(-1)!.finished, "success", `seed ${seed}`);
  const { versions } = await live(flash, server, ({ type }) => type === "inference");
  assert.deepEqual(versions, [2], `seed ${seed}`);
  return done;
}
