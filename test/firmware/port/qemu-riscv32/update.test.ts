/** The firmware in QEMU updates its model over its UART, with flash that is erased and programmed by commands. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { firmwareAvailability } from "../../../../host/firmware/qemu_build.ts";
import type { Answer, Request } from "../../../../host/fleet/simulator/ddi.ts";
import {
  answerFrames,
  encodeDeviceFile,
  encodeFrame,
  type Frame,
  frameReader,
  parseInference,
  parseRequest,
} from "../../../../host/fleet/simulator/device_link.ts";
import {
  answerOf,
  ORIGIN,
  rollout,
  startRollout,
  scene as updateServer,
} from "../../../fleet/server/server_and_devices.ts";
import { scratchFolder } from "../../../support/folders.ts";
import { scriptedServer } from "../../../support/scripted_server.ts";
import { version } from "../../../support/two_versions.ts";
import { interrupted, large, live, makeFlash, SECTOR, second, untilReported } from "./interrupted_update.ts";

describe("frames of the device's line", () => {
  test("have the bytes of README.md", () => {
    assert.equal(encodeFrame("e", Uint8Array.of(1)).toString("hex"), "a565010001" + "8c82795b");
    assert.throws(() => encodeFrame("b", new Uint8Array(1025)), RangeError);
  });

  test("are found among other bytes, and left out where they are damaged", () => {
    const frame = encodeFrame("e", Uint8Array.of(1));
    frame.write("L", 1, "latin1");
    frame.writeUInt32LE(crc32(frame.subarray(1, 5)), 5);
    const read = frameReader();
    const good = Buffer.concat([Buffer.from("trap\u00a5", "latin1"), frame]);
    assert.deepEqual(read(good.subarray(0, 8)), []);
    assert.deepEqual(read(good.subarray(8)), [{ type: "log", payload: Buffer.of(1) }]);
    frame[4]! ^= 1;
    assert.deepEqual(read(frame), []);
  });

  test("carry a request, an answer and an inference", () => {
    const request = Buffer.from("\x05\0\0\0POST\0https://a/b\0\0{}\0", "latin1");
    assert.deepEqual(parseRequest(request), {
      method: "POST",
      url: "https://a/b",
      headers: { "content-type": "application/json", range: "bytes=5-" },
      body: "{}",
    });
    const frames = [
      ...answerFrames({
        status: 206,
        headers: { "content-range": "bytes 5-9/10" },
        body: [new Uint8Array(1500)],
        whole: false,
      }),
    ];
    assert.deepEqual(
      frames.map((frame) => [frame.toString("latin1", 1, 2), frame.readUInt16LE(2)]),
      [
        ["h", 12],
        ["b", 1024],
        ["b", 476],
        ["e", 1],
      ],
    );
    assert.deepEqual(parseInference(Buffer.from("0203040000000000ff", "hex")), {
      version: "2.3.4",
      status: 0,
      output: Uint8Array.of(255),
    });
  });

  test("device.bin has the layout of device_file.h", () => {
    const bytes = encodeDeviceFile({ keys: [new Uint8Array(32).fill(7)], url: "u", seed: 9 });
    assert.deepEqual(
      [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)],
      [0x56444854, 9, 1],
    );
    assert.deepEqual([...bytes.subarray(12 + 128)], [4, 0, 0, 0, 0x75, 0, 0, 0]);
    assert.throws(() => encodeDeviceFile({ keys: [], url: "u".repeat(1024) }), RangeError);
  });
});

const availability = await firmwareAvailability();
const skip = availability.available
  ? false
  : `qemu is missing: ${availability.reason}; install: ${availability.install}`;
const scratch = scratchFolder();

describe("a device in QEMU", { skip }, () => {
  test("takes an update: asks, downloads, verifies, tries, confirms, reports", async () => {
    const server = scriptedServer();
    server.deployment = { id: 7, image: second };
    const flash = makeFlash(scratch, "whole.bin");
    const { versions, frames } = await live(flash, server, untilReported(server));
    assert.deepEqual(versions, [1, 2]);
    assert.deepEqual(server.attributes, { board: "qemu", "version.adder": "2.0.0" });
    assert.deepEqual(
      server.feedback.map(({ execution, finished }) => `${execution} ${finished}`),
      ["download none", "downloaded none", "closed success"],
    );
    assert.ok(frames > second.length / 1024);
    assert.deepEqual((await live(flash, server, ({ type }) => type === "inference")).versions, [2]);
  });

  test("takes an update from thimble serve", async () => {
    const at = updateServer();
    const image = at.publish(second);
    const server = {
      url: `${ORIGIN}/DEFAULT/controller/v1/qemu-1`,
      authorization: `GatewayToken ${at.gateway}`,
      answer(request: Request): Answer {
        at.clock.now++;
        return answerOf(at, request);
      },
    };
    const flash = makeFlash(scratch, "serve.bin");
    let asked = 0;
    await live(flash, server, ({ type }) => type === "request" && ++asked > 3);
    const { id } = startRollout(at, image, { query: "board=qemu" });
    const isFinished = ({ type }: Frame): boolean =>
      type === "inference" && rollout(at, id).state === "finished";
    assert.equal((await live(flash, server, isFinished)).versions.at(-1), 2);
    assert.equal(rollout(at, id).stages[0]!.counts.succeeded, 1);
  });

  test("goes back from a model that traps, and says why", async () => {
    const server = scriptedServer();
    server.deployment = { id: 8, image: version(3, { traps: true }) };
    const flash = makeFlash(scratch, "trap.bin");
    // The inference that traps is the model's last; the one before runs again.
    let failed = 0;
    const life = await live(flash, server, untilReported(server)).catch((error: unknown) => {
      failed++;
      assert.match(String(error), /version 3/);
      return undefined;
    });
    assert.equal(life, undefined);
    assert.equal(failed, 1);
    assert.match(server.feedback.at(-1)!.details[0]!, /trapped/);
    assert.deepEqual((await live(flash, server, ({ type }) => type === "inference")).versions, [1]);
  });

  test("goes on after a loss of power where the last whole sector ended", async () => {
    const server = scriptedServer();
    server.deployment = { id: 7, image: large };
    const flash = makeFlash(scratch, "resumed.bin");
    // Past the first sector: the server's pieces of 1460 bytes come as two frames, and there are a few documents.
    const PIECES = Math.ceil((2 * SECTOR) / 1460) + 15;
    const requests: string[] = [];
    const answer = server.answer;
    server.answer = (request) => {
      if (request.url.includes("/artifacts/")) requests.push(request.headers["range"] ?? "whole");
      return answer(request);
    };
    let pieces = 0;
    await live(flash, server, ({ type }) => type === "more" && ++pieces > PIECES);
    await live(flash, server, untilReported(server));
    assert.deepEqual(requests, ["whole", "bytes=262144-"]);
  });

  test("is switched off at random moments, and comes to the new model all the same", async (t) => {
    let cuts = 0;
    for (const seed of [1, 2]) {
      const server = scriptedServer();
      server.deployment = { id: 7, image: second };
      cuts += await interrupted(scratch, server, seed, 5);
    }
    t.diagnostic(`${cuts} losses of power`);
    assert.ok(cuts > 0);
  });
});
