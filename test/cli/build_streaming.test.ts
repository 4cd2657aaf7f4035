/** `thimble build --streaming`: a float network from its file to a module that hears the same with less work. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import { root } from "../../host/root.ts";
import { npyFile } from "../../host/runtime/data/npy_write.ts";
import { load } from "../../host/runtime/model/node.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { randomFloats } from "../support/graphs.ts";
import { floatTensor, ints, node, onnx, value } from "../support/onnx.ts";

const scratch = scratchFolder();
const signals = join(root, "..", "shared", "signal");
const withoutSignals = existsSync(signals) ? false : "no folder shared/signal";

const write = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(join(scratch, name), contents);
  return join(scratch, name);
};

const [FRAMES, BANDS] = [30, 8];

/** Two convolutions over time, a pooling, and shares of three classes: as PyTorch exports them. */
function network(): Uint8Array {
  const weights = (name: string, dims: number[], seed: number) =>
    floatTensor(
      name,
      dims,
      [
        ...randomFloats(
          dims.reduce((a, b) => a * b),
          seed,
        ),
      ].map((x) => x / 4),
    );
  return onnx({
    nodes: [
      node("Conv", ["window", "w1", "b1"], ["c1"], { kernel_shape: ints([5, BANDS]) }),
      node("Relu", ["c1"], ["r1"]),
      node("Conv", ["r1", "w2", "b2"], ["c2"], { kernel_shape: ints([3, 1]) }),
      node("Relu", ["c2"], ["r2"]),
      node("MaxPool", ["r2"], ["p"], { kernel_shape: ints([3, 1]), strides: ints([1, 1]) }),
      node("Flatten", ["p"], ["flat"]),
      node("Gemm", ["flat", "w3", "b3"], ["scores"]),
      node("Softmax", ["scores"], ["shares"]),
    ],
    inputs: [value("window", [1, 1, FRAMES, BANDS])],
    outputs: [value("shares", [1, 3])],
    constants: [
      weights("w1", [6, 1, 5, BANDS], 1),
      weights("b1", [6], 2),
      weights("w2", [6, 6, 3, 1], 3),
      weights("b2", [6], 4),
      weights("w3", [6 * (FRAMES - 8), 3], 5),
      weights("b3", [3], 6),
    ],
  });
}

describe("a network that streams", () => {
  const frontend = { type: "log-mel", window_size: 8, window_step: 4, num_channels: BANDS, floor: 1e-4 };
  const signal = Int16Array.from(
    lcgBytes(9, 8000).bytes,
    (byte, i) => (byte - 128) * (1 + ((i >> 9) % 9) * 20),
  );

  const build = (name: string, ...more: string[]) =>
    thimble([
      "build",
      join(scratch, "net.onnx"),
      "-o",
      join(scratch, name),
      "--frontend",
      join(scratch, "ears.json"),
      "--calibration",
      join(scratch, "windows.npy"),
      "--labels",
      "a,b,c",
      "--json",
      ...more,
    ]);

  before(() => {
    write("net.onnx", network());
    write("ears.json", JSON.stringify(frontend));
    // Features of noise.
    const rows = Array.from({ length: 40 }, (_, i) => randomFloats(FRAMES * BANDS, i).map((x) => 4 * x - 3));
    write("windows.npy", npyFile("float32", [40, 1, FRAMES, BANDS], rows));
  });

  test("says the same of every inference, with a fraction of the multiplications", async () => {
    const macs: number[] = [];
    const said: unknown[][] = [];
    for (const more of [[], ["--streaming"]]) {
      const name = `streams${more.length}`;
      const { status, stdout, stderr } = build(name, ...more);
      assert.equal(status, 0, stderr);
      macs.push((JSON.parse(stdout.toString()) as { macs: number }).macs);
      const model = await load(join(scratch, name, "model.wasm"));
      said.push(model.feed(signal));
    }
    assert.equal(said[0]!.length, 124);
    assert.deepEqual(said[1], said[0]);
    assert.ok(new Set(said[0]!.map((each) => JSON.stringify(each))).size > 30);
    assert.ok(macs[1]! < macs[0]! / 2, `${macs}`);
  });

  test("is nothing without a front-end", () => {
    const { status, stderr } = thimble(["build", join(scratch, "net.onnx"), "--streaming"]);
    assert.notEqual(status, 0);
    assert.match(stderr, /^thimble build: --streaming: expected --frontend beside it, found none\n$/);
  });
});

test("a network that pads its input over time is refused by name, before any work", {
  skip: withoutSignals,
}, () => {
  const file = "audio_preprocessor_int8.tflite";
  copyFileSync(join(signals, file), join(scratch, file));
  const folder = join(scratch, "padded");
  const model = join(signals, "micro_speech_quantized.tflite");
  const { status, stderr } = thimble([
    "build",
    model,
    "-o",
    folder,
    "--frontend",
    join(scratch, file),
    "--streaming",
  ]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^thimble build: [^\n]*--streaming: node [^\n]+: expected no padding behind the window, found 4 before and 5 behind\n$/,
  );
  assert.ok(!existsSync(folder));
});
