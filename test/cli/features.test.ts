/** `thimble features`: what a module computes of recordings, as tables; and front-ends by parameters. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../../host/root.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";
import { wavFile } from "../support/sounds.ts";

const scratch = scratchFolder();
const signals = join(root, "..", "shared", "signal");
const withoutSignals = existsSync(signals) ? false : "no folder shared/signal";

interface Vectors {
  readonly parameters: object;
  readonly samples: readonly number[];
  readonly features: readonly (readonly number[])[];
}
const { parameters, samples, features } = JSON.parse(
  readFileSync(join(root, "test/vectors/frontends/microfrontend.json"), "utf8"),
) as Vectors;

function write(name: string, contents: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, contents);
  return file;
}

const frontend = write("speech.json", JSON.stringify(parameters));
const recording = write("tone.wav", wavFile(16_000, samples));

function run(args: readonly string[], output: string): Buffer {
  const found = thimble(["features", ...args, "-o", join(scratch, output)]);
  assert.equal(found.status, 0, found.stderr);
  return readFileSync(join(scratch, output));
}

const tableOf = (text: Buffer): string[][] =>
  text
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split(","));

describe("thimble features", () => {
  test("a recording's are those of the C microfrontend", () => {
    const [head, ...rows] = tableOf(run([frontend, "--input", recording], "tone.csv"));
    assert.deepEqual(head!.slice(-3), ["f39", "file", "frame"]);
    assert.deepEqual(rows.at(-1)!.slice(-2), ["tone.wav", String(features.length - 1)]);
    const found = rows.map((row) => row.slice(0, 40).map(Number));
    assert.equal(found.length, features.length);
    assert.ok(new Set(found.flat()).size > 100, "features that hardly vary prove little");
    // The package's Fourier transform is a later one than TensorFlow Lite Micro's: some sums differ in their last bit.
    const differences = found.flat().map((x, i) => Math.abs(x - features.flat()[i]!));
    const apart = differences.filter((x) => x > 0);
    assert.ok(apart.length <= 0.025 * differences.length, `${apart.length} values differ`);
    assert.ok(Math.max(...differences) <= 14, `a value is ${Math.max(...differences)} off`);
  });

  test("folders by class, windows of frames, .npy", () => {
    for (const name of ["no", "yes"]) {
      mkdirSync(join(scratch, "words", name), { recursive: true });
      writeFileSync(join(scratch, "words", name, "1.wav"), wavFile(16_000, samples));
    }
    const input = join(scratch, "words");
    const bytes = run([frontend, "--input", input, "--window", "10", "--stride", "5"], "words.npy");
    const each = Math.floor((features.length - 10) / 5) + 1;
    assert.match(bytes.toString("latin1", 10, 128), new RegExp(`'<i2'.*\\(${2 * each}, 10, 40\\)`));
    const values = new Int16Array(new Uint8Array(bytes.subarray(128)).buffer);
    assert.equal(values.length, 2 * each * 400);
    const [head, first, ...rest] = tableOf(run([frontend, "--input", input], "words.csv"));
    assert.equal(head![40], "label");
    assert.equal(first![40], "no");
    assert.equal(rest.at(-1)![40], "yes");
    assert.deepEqual(Array.from(values.subarray(0, 40), String), first!.slice(0, 40));
    assert.deepEqual(
      Array.from(values.subarray(each * 400 - 40, each * 400), String),
      rest[5 * (each - 1) + 8]!.slice(0, 40),
    );
  });

  test("a module computes those of its front-end", { skip: withoutSignals }, () => {
    const options = { ...parameters, window_step: 20, library: "tflite-micro", out_type: "int8" };
    const front = write("front.json", JSON.stringify(options));
    const folder = join(scratch, "speech");
    const built = thimble([
      "build",
      join(signals, "micro_speech_quantized.tflite"),
      "--frontend",
      front,
      "-o",
      folder,
    ]);
    assert.equal(built.status, 0, built.stderr);
    const golden = JSON.parse(readFileSync(join(signals, "audio_preprocessor_int8.json"), "utf8"));
    for (const word of ["yes_1000ms.wav", "no_1000ms.wav"]) {
      const input = join(signals, word);
      const alone = run([front, "--input", input], "alone.npy");
      assert.deepEqual(run([join(folder, "model.wasm"), "--input", input], "joined.npy"), alone);
      assert.equal(alone.subarray(128).toString("hex"), golden.files[word].features_hex);
    }
  });

  test("--check says how near each feature comes to real numbers", () => {
    const front = write("mel.json", JSON.stringify({ type: "log-mel", num_channels: 20, floor: 1e-5 }));
    const args = ["features", front, "--input", recording, "-o", join(scratch, "mel.npy"), "--check"];
    const text = thimble(args);
    assert.equal(text.status, 0, text.stderr);
    assert.match(
      text.stdout.toString(),
      /signal to noise of each feature beside real numbers, in dB: [0-9. ]+\n/,
    );
    const { snr_db } = JSON.parse(thimble([...args, "--json"]).stdout.toString()) as { snr_db: number[] };
    assert.equal(snr_db.length, 20);
    assert.ok(Math.min(...snr_db) > 30 && Math.max(...snr_db) < 80, `decibels: ${snr_db}`);
    const other = thimble(["features", frontend, ...args.slice(2)]);
    assert.notEqual(other.status, 0);
    assert.match(other.stderr, /--check: expected parameters of a front-end other than tflm, found /);
  });

  const refusals: readonly (readonly [what: string, parameters: unknown, message: RegExp])[] = [
    ["a type that is none", { type: "mel" }, /front-end: type: expected "tflm" or .*, found "mel"/],
    ["no map", [1], /front-end: expected a map of fields, found \[1\]/],
    [
      "a number out of bounds",
      { ...parameters, upper_band_limit: 9000 },
      /upper_band_limit: expected a number of 1 to 8000, found 9000/,
    ],
    ["a field that is none", { ...parameters, num_chanels: 4 }, /num_chanels: unknown field; expected /],
    [
      "a hop above the window",
      { ...parameters, window_step: 40 },
      /window_step: expected at most window_size, found 40/,
    ],
    [
      "a window below the usual hop",
      { type: "statistics", window_size: 15 },
      /window_step: expected at most window_size, found 1000/,
    ],
    [
      "a flag that is none",
      { ...parameters, enable_pcan: 1 },
      /enable_pcan: expected true or false, found 1/,
    ],
  ];
  for (const [what, wrong, message] of refusals)
    test(`refuses ${what}`, () => {
      const file = write("wrong.json", JSON.stringify(wrong));
      const found = thimble(["features", file, "--input", recording, "-o", join(scratch, "none.npy")]);
      assert.equal(found.status, 1);
      assert.match(found.stderr, message);
      assert.equal(existsSync(join(scratch, "none.npy")), false);
    });

  test("refuses what a sensor of 16 bits can't have given, a step between no windows, a file without its rate", () => {
    const refused = (args: readonly string[]): string => {
      const { status, stderr } = thimble(["features", ...args, "-o", join(scratch, "none.csv")]);
      assert.notEqual(status, 0);
      assert.equal(existsSync(join(scratch, "none.csv")), false);
      return stderr;
    };
    for (const cell of ["0.98", "40000", "-32769", "1e9", "nan"]) {
      const table = write("units.csv", `x\n1\n${cell}\n`);
      const message = `units.csv: line 3, column 1: expected a whole number of -32768 to 32767, found "${cell}"\n`;
      assert.ok(refused([frontend, "--input", table]).endsWith(message), cell);
    }
    const stride = refused([frontend, "--input", recording, "--stride", "2"]);
    assert.match(stride, /--stride: expected --window beside it, found none\n/);
    const speech = refused([modelPath("digits_int8.tflite"), "--input", recording]);
    assert.match(
      speech,
      /front-end digits_int8: expected its sample rate, as in a .json file of .*, found none\n/,
    );
  });

  test("refuses recordings of another rate or of more channels", () => {
    const slow = write("slow.wav", wavFile(8000, samples));
    const found = thimble(["features", frontend, "--input", slow, "-o", join(scratch, "none.npy")]);
    assert.match(found.stderr, /slow.wav: expected 16000 samples a second, found 8000/);
    const two = write("two.csv", "x,y\n1,2\n3,4\n");
    const other = thimble(["features", frontend, "--input", two, "-o", join(scratch, "none.npy")]);
    assert.match(other.stderr, /two.csv: expected 1 channels, found 2/);
  });
});
