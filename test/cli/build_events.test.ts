/** `thimble build --smooth --event`: a module that says words, and options that are refused before any work. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../../host/root.ts";
import { load } from "../../host/runtime/model/node.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";

const scratch = scratchFolder();
const signals = join(root, "..", "shared", "signal");
const withoutSignals = existsSync(signals) ? false : "no folder shared/signal";
const LABELS = "silence,unknown,yes,no";

describe("a module that says words", { skip: withoutSignals }, () => {
  const samplesOf = (word: string): Int16Array => {
    const bytes = Uint8Array.from(readFileSync(join(signals, `${word}_1000ms.wav`)).subarray(44));
    return new Int16Array(bytes.buffer);
  };
  const network = join(signals, "micro_speech_quantized.tflite");
  const build = (name: string, event: string) => {
    const ears = join(scratch, "ears.json");
    const file = "audio_preprocessor_int8.tflite";
    copyFileSync(join(signals, file), join(scratch, file));
    writeFileSync(ears, JSON.stringify({ type: "tflite", file, sample_rate: 16_000, window_step: 20 }));
    const stream = ["--frontend", ears, "--labels", LABELS, "--smooth", "mean:60ms"];
    return thimble(["build", network, "-o", join(scratch, name), ...stream, "--event", event]);
  };

  test("says each of its recordings' words once", async () => {
    const built = build("words", "threshold:yes=0.7/no=0.7,n-of-m:2/3,suppress:1s");
    assert.equal(built.status, 0, built.stderr);
    const model = await load(join(scratch, "words", "model.wasm"));
    for (const word of ["yes", "no"]) {
      model.reset();
      const said = model.feed(samplesOf(word));
      assert.equal(said.length, 49);
      assert.deepEqual(
        said.map(({ label }) => label).filter((label) => label !== ""),
        [word],
      );
    }
  });

  test("`run` has the event's label beside the scores", () => {
    const rows = Array.from({ length: 49 }, (_, i) =>
      samplesOf("yes")
        .slice(320 * i, 320 * i + 480)
        .join(","),
    );
    const input = join(scratch, "yes.csv");
    writeFileSync(input, `${rows.join("\n")}\n`);
    const found = thimble(["run", join(scratch, "words", "model.wasm"), "--input", input]);
    assert.equal(found.status, 0, found.stderr);
    const [head, ...lines] = found.stdout.toString().trimEnd().split("\n");
    assert.equal(head, "event[0],silence,unknown,yes,no,label");
    const said = lines.filter((line) => !line.endsWith(","));
    assert.equal(lines.length, 49);
    assert.match(said.join("\n"), /^3,[^\n]+,yes$/);
  });

  test("a class that the network does not have is refused before any work", () => {
    const { status, stderr } = build("maybe", "threshold:maybe=0.7");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^thimble build: [^\n]*--event: expected thresholds of "silence", "unknown", "yes", "no", found "maybe"\n$/,
    );
    assert.ok(!existsSync(join(scratch, "maybe")));
  });
});

describe("options that are no rules are refused in one line", () => {
  const network = modelPath("digits.tflite");
  for (const [args, message] of [
    [["--smooth", "5"], '--smooth: expected mean:N, found "5"'],
    [
      ["--smooth", "mean:0"],
      /--smooth: mean: expected 1 to 1000000 inferences, or a time such as 800ms or 1.5s, found "0"/,
    ],
    [["--smooth", "mean:2.5"], /--smooth: mean: expected 1 to 1000000 inferences, .* found "2.5"/],
    [["--event", "hold:3"], '--event: expected a threshold, found "hold:3"'],
    [["--event", "threshold:high"], /--event: threshold: expected a number, or CLASS=NUMBER .* found "high"/],
    [["--event", "threshold:a=1/b"], '--event: threshold: expected CLASS=NUMBER, found "b"'],
    [["--event", "threshold:a=1/a=2"], /--event: threshold: expected classes that differ, found "a=1\/a=2"/],
    [
      ["--event", "threshold:0.5,n-of-m:4/3"],
      /--event: n-of-m: expected N\/M, 1 to M of at most 32, found "4\/3"/,
    ],
    [["--event", "threshold:0.5,n-of-m:1/33"], /--event: n-of-m: expected N\/M, .* found "1\/33"/],
    [["--event", "threshold:0.5,hold:0"], /--event: hold: expected 1 to 1000000 inferences, .* found "0"/],
    [
      ["--event", "threshold:0.5,suppress:1m"],
      /--event: suppress: expected 0 to 1000000 inferences, .* found "1m"/,
    ],
    [
      ["--event", "threshold:0.5,window:3"],
      /--event: expected threshold, hold, suppress, n-of-m, each .* found "window:3"/,
    ],
    [
      ["--event", "threshold:0.5,threshold:0.6"],
      /--event: expected threshold, .* once, found "threshold:0.6"/,
    ],
    [
      ["--event", "threshold:0.5", "--monitor"],
      "--smooth, --event: expected no --monitor beside them, found one",
    ],
    [
      ["--event", "threshold:0.5,hold:1s"],
      /--event: expected a number of inferences, as the module's input is no stream, found 1000 ms/,
    ],
    [
      ["--event", "threshold:2"],
      /--event: expected a threshold from .* to below .*, which scores can be above, found 2/,
    ],
  ] as const)
    test(args.join(" "), () => {
      const folder = join(scratch, "refused");
      const { status, stderr } = thimble(["build", network, "-o", folder, ...args]);
      assert.notEqual(status, 0);
      assert.match(stderr, /^thimble build: [^\n]+\n$/);
      if (typeof message === "string") assert.ok(stderr.includes(message), stderr);
      else assert.match(stderr, message);
      assert.ok(!existsSync(folder));
    });
});
