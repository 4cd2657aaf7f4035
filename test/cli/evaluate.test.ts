/** `thimble evaluate --stream`: a module hears two words in a longer recording, and what is wrong is said in one line. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { root } from "../../host/root.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { wavFile } from "../support/sounds.ts";

const scratch = scratchFolder();
const signals = join(root, "..", "shared", "signal");
const withoutSignals = existsSync(signals) ? false : "no folder shared/signal";
const RATE = 16_000;

const write = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(join(scratch, name), contents);
  return join(scratch, name);
};

describe("evaluate --stream", { skip: withoutSignals }, () => {
  const wordOf = (word: string): number[] => {
    const bytes = Uint8Array.from(readFileSync(join(signals, `${word}_1000ms.wav`)).subarray(44));
    return [...new Int16Array(bytes.buffer)];
  };
  const pause = (seconds: number): number[] => new Array<number>(seconds * RATE).fill(0);
  const recordings = join(scratch, "recordings");
  const frontend = "audio_preprocessor_int8.tflite";
  const built = (name: string, ...more: string[]): string => {
    const labels = ["--labels", "silence,unknown,yes,no", "--frontend", join(scratch, "ears.json")];
    const model = join(signals, "micro_speech_quantized.tflite");
    const found = thimble(["build", model, "-o", join(scratch, name), ...labels, ...more]);
    assert.equal(found.status, 0, found.stderr);
    return join(scratch, name, "model.wasm");
  };
  let module = "";
  // Beside the recordings, and none of them.
  const times = join(recordings, "times.csv");

  before(() => {
    mkdirSync(recordings);
    const yes = wordOf("yes");
    writeFileSync(
      join(recordings, "a.wav"),
      wavFile(RATE, [...pause(1), ...yes, ...pause(3), ...wordOf("no"), ...pause(2)]),
    );
    writeFileSync(join(recordings, "b.wav"), wavFile(RATE, [...yes, ...pause(2)]));
    copyFileSync(join(signals, frontend), join(scratch, frontend));
    write("ears.json", JSON.stringify({ type: "tflite", file: frontend, window_step: 20 }));
    // The second recording's word is in no row: a false accept. A row of the first has no word.
    writeFileSync(times, "file,start,end,label\na.wav,1,2,yes\na.wav,5.0,6.0,no\na.wav,3,,yes\n");
    module = built(
      "words",
      "--smooth",
      "mean:60ms",
      "--event",
      "threshold:yes=0.7/no=0.7,n-of-m:2/3,suppress:1s",
    );
  });

  const evaluate = (file: string, ...more: string[]) =>
    thimble(["evaluate", file, "--stream", "--input", recordings, "--times", times, ...more]);

  interface Figures {
    readonly label: string;
    readonly occurrences: number;
    readonly detected: number;
    readonly falseAccepts: number;
    readonly falseAcceptsPerHour: number;
    readonly falseRejectRate?: number;
    readonly latency?: { readonly mean: number };
    readonly threshold: number;
  }
  interface Found {
    readonly hours: number;
    readonly events: readonly Figures[];
    readonly det: Readonly<Record<string, readonly Figures[]>>;
    readonly best: Readonly<Record<string, Figures | null>>;
  }
  const json = (file: string, ...more: string[]): Found => {
    const { status, stdout, stderr } = evaluate(file, "--json", ...more);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout.toString()) as Found;
  };

  test("counts what the module says against what is there", () => {
    const { hours, events } = json(module);
    assert.equal(hours, 11 / 3600);
    const [yes, no] = ["yes", "no"].map((label) => events.find((each) => each.label === label)!);
    assert.deepEqual(
      [yes!.occurrences, yes!.detected, yes!.falseRejectRate, yes!.falseAccepts],
      [2, 1, 0.5, 1],
    );
    assert.ok(Math.abs(yes!.falseAcceptsPerHour - 3600 / 11) < 1e-9);
    assert.deepEqual([no!.occurrences, no!.detected, no!.falseAccepts], [1, 1, 0]);
    // A word of some tenths of a second in a window of one.
    for (const { latency } of [yes!, no!])
      assert.ok(latency!.mean > 0.3 && latency!.mean < 1.2, `${latency!.mean}`);
  });

  test("tries thresholds, and the one that it names has the same figures in a module", () => {
    const rule = ["--rule", "n-of-m:2/3,suppress:1s", "--false-accepts", "0"];
    const { det, best } = json(module, ...rule);
    const accepts = det["no"]!.map(({ falseAccepts }) => falseAccepts);
    assert.deepEqual(
      accepts,
      accepts.toSorted((a, b) => b - a),
    );
    assert.ok(det["no"]!.length > 8 && accepts[0]! > 0);
    const { threshold, detected } = best["no"]!;
    assert.equal(detected, 1);
    const text = evaluate(module, ...rule).stdout.toString();
    assert.match(text, new RegExp(`--event threshold:[^\\n]*no=${threshold}`));
    const again = built(
      "again",
      "--smooth",
      "mean:60ms",
      "--event",
      `threshold:no=${threshold},n-of-m:2/3,suppress:1s`,
    );
    const no = json(again).events.find(({ label }) => label === "no")!;
    assert.deepEqual({ ...no, threshold }, best["no"]);
  });

  test("of a module without events there are only thresholds", () => {
    const found = json(built("scores"));
    assert.equal(found.events, undefined);
    assert.equal(found.det["yes"]![0]!.occurrences, 2);
  });

  for (const [what, table, message] of [
    [
      "a label of no class",
      "file,start,label\na.wav,1,maybe\n",
      /:2: expected a label of "silence", "unknown", "yes", "no", found "maybe"$/,
    ],
    [
      "a file that is not there",
      "file,start,label\nc.wav,1,yes\n",
      /:2: expected the name of a recording, found "c.wav"$/,
    ],
    [
      "a time that is none",
      "file,start,label\na.wav,soon,yes\n",
      /:2, column start: expected seconds from 0 on, found "soon"$/,
    ],
    [
      "an end before its start",
      "file,start,end,label\na.wav,2,1,yes\n",
      /:2: expected an end from 2 on, found 1$/,
    ],
    [
      "a column that is missing",
      "file,label\na.wav,yes\n",
      /: expected columns file, start, end and label, found "file, label"$/,
    ],
    ["a cell too few", "file,start,label\na.wav,1\n", /:2: expected 3 columns, found 2$/],
  ] as const)
    test(`${what} is refused`, () => {
      const wrong = write("wrong.csv", table);
      const { status, stderr } = thimble([
        "evaluate",
        module,
        "--stream",
        "--input",
        recordings,
        "--times",
        wrong,
      ]);
      assert.equal(status, 1);
      assert.match(stderr, /^thimble evaluate: [^\n]+\n$/);
      assert.match(stderr.trimEnd(), message);
    });

  test("a word after its recording's end is refused", () => {
    const table = write("late.csv", "file,start,end,label\nb.wav,1,2,no\nb.wav,200,201,yes\n");
    const input = join(recordings, "b.wav");
    const { status, stderr } = thimble(["evaluate", module, "--stream", "--input", input, "--times", table]);
    assert.equal(status, 1);
    assert.match(stderr, /late\.csv:3: expected times within the 3 s of b\.wav, found 200 to 201\n$/);
  });

  test("a recording of another rate is refused", () => {
    const wrong = write("slow.wav", wavFile(8000, pause(1)));
    const table = write("slow.csv", "file,start,label\n");
    const { status, stderr } = thimble(["evaluate", module, "--stream", "--input", wrong, "--times", table]);
    assert.equal(status, 1);
    assert.match(stderr, /slow\.wav: expected 16000 samples a second, found 8000\n$/);
  });
});

test("options that are missing or wrong are refused before anything is read", () => {
  const some = ["evaluate", "nowhere.wasm", "--stream", "--input", "nowhere", "--times", "nowhere.csv"];
  for (const [args, message] of [
    [["evaluate", "nowhere.wasm"], /expected --stream, found none/],
    [some.slice(0, 3), /expected --input FILE-or-FOLDER, found none/],
    [some.slice(0, 5), /expected --times FILE.csv, found none/],
    [[...some, "--tolerance", "long"], /--tolerance: expected a number of at least 0, found "long"/],
    [
      [...some, "--rule", "hold:3"],
      /--rule: expected suppress, n-of-m, each with ":" and once, found "hold:3"/,
    ],
    [[...some, "--rule", "n-of-m:2/1"], /--rule: n-of-m: expected N\/M, .* found "2\/1"/],
    [[...some, "--false-accepts", "few"], /--false-accepts: expected a number of at least 0, found "few"/],
  ] as const) {
    const { status, stderr } = thimble(args);
    assert.notEqual(status, 0);
    assert.match(stderr, /^thimble evaluate: [^\n]+\n$/);
    assert.match(stderr, message);
  }
});
