/** `thimble build`: what it writes, and that a failure is one clear line and leaves nothing behind. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { writeAll } from "../../host/cli/files.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder, snapshot } from "../support/folders.ts";
import { modelPath, vectorCase } from "../support/models.ts";
import { operatorCodes, replaceOperators } from "../support/tflite.ts";

const scratch = scratchFolder();
const logistic = modelPath("logistic_regression.onnx");
const calibration = modelPath("logistic_regression.calibration.csv");
const FILES = ["model.graph.json", "model.ts", "model.wasm", "report.json"];

function write(name: string, contents: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, contents);
  return file;
}

describe("a build", () => {
  const folder = join(scratch, "new", "folder");
  let stdout = "";
  before(() => {
    const found = thimble(["build", logistic, "-o", folder, "--calibration", calibration]);
    assert.equal(found.stderr, "");
    assert.equal(found.status, 0);
    stdout = found.stdout.toString();
  });

  test("writes its files and no other", () => {
    assert.deepEqual(readdirSync(folder).sort(), FILES);
    assert.ok(WebAssembly.validate(readFileSync(join(folder, "model.wasm"))));
  });

  test("tells people what it made and how it was proven", () => {
    assert.match(stdout, /^logistic_regression 1\.0\.0: 2 layers, 4 multiply-accumulates\n/);
    assert.match(stdout, /proof {3}29 vectors on the reference and v8: equal \(.+\); wasm3: (equal|missing)/);
    assert.match(stdout, /100\.0 % of 200 samples decided as by the float model/);
  });

  test("with --json prints the report that it writes; options before the model; a dump; the name and version", () => {
    const other = join(scratch, "other");
    const dump = join(scratch, "dump");
    const options = [
      "--json",
      "-o",
      other,
      "--name",
      "two.features-1",
      "--version",
      "3.2.10",
      "--dump",
      dump,
    ];
    const found = thimble(["build", ...options, `--calibration=${calibration}`, logistic]);
    assert.equal(found.status, 0, found.stderr);
    const report = JSON.parse(found.stdout.toString()) as Record<string, unknown>;
    assert.deepEqual(report, JSON.parse(readFileSync(join(other, "report.json"), "utf8")));
    assert.deepEqual(report["model"], { name: "two.features-1", version: "3.2.10" });
    assert.equal(
      readFileSync(join(dump, "11-emit.txt"), "utf8"),
      readFileSync(join(other, "model.ts"), "utf8"),
    );
    assert.equal(readdirSync(dump).length, 8);
  });

  test("into the same folder replaces the files of before and touches no other", () => {
    const again = join(scratch, "again");
    mkdirSync(again);
    for (const name of [...FILES, "notes.txt"]) writeFileSync(join(again, name), "old");
    const found = thimble(["build", logistic, "-o", again, "--calibration", calibration]);
    assert.equal(found.status, 0, found.stderr);
    assert.deepEqual(readdirSync(again).sort(), [...FILES, "notes.txt"].sort());
    assert.equal(readFileSync(join(again, "notes.txt"), "utf8"), "old");
    for (const name of FILES.filter((file) => file !== "report.json")) {
      assert.deepEqual(readFileSync(join(again, name)), readFileSync(join(folder, name)), name);
    }
  });

  test("without -o goes to build/NAME of the current folder", () => {
    const here = join(scratch, "here");
    mkdirSync(here);
    const found = thimble(["build", logistic, "--calibration", calibration, "--name", "n"], { cwd: here });
    assert.equal(found.status, 0, found.stderr);
    assert.deepEqual(readdirSync(join(here, "build", "n")).sort(), FILES);
  });
});

interface Failure {
  readonly name: string;
  readonly args: readonly string[];
  /** The whole of stderr behind "thimble build: ", without the line's end. */
  readonly message: RegExp;
  readonly status?: number;
}

const digits = readFileSync(modelPath("digits_int8.tflite"));
const unsupported = (): Uint8Array => {
  const { model } = vectorCase("networks", "plain");
  const [maxPool, softmax, l2Pool, whileLoop] = [17, 25, 12, 119];
  assert.ok([maxPool, softmax].every((code) => operatorCodes(model).includes(code)));
  return replaceOperators(
    model,
    new Map([
      [maxPool, l2Pool],
      [softmax, whileLoop],
    ]),
  );
};

const FAILURES: readonly Failure[] = [
  { name: "no model", args: [], message: /^expected MODEL, found none$/, status: 2 },
  { name: "two models", args: ["a", "b"], message: /^expected MODEL, found a b$/, status: 2 },
  {
    name: "an unknown option",
    args: [logistic, "--frobnicate"],
    message: /^unknown option '--frobnicate'/,
    status: 2,
  },
  { name: "an unknown short option", args: [logistic, "-x"], message: /^unknown option '-x'/, status: 2 },
  {
    name: "an option without its value",
    args: [logistic, "--calibration"],
    message: /--calibration.* argument missing$/,
    status: 2,
  },
  {
    name: "an option in place of a value",
    args: [logistic, "--calibration", "--json"],
    message:
      /^--calibration: expected a value, found "--json"; one that begins with "-" is given as --calibration=--json$/,
    status: 2,
  },
  {
    name: "a value for a switch",
    args: [logistic, "--json=yes"],
    message: /--json.* does not take an argument$/,
    status: 2,
  },
  {
    name: "a version of two numbers",
    args: [logistic, "--version", "1.2"],
    message: /^--version: expected X\.Y\.Z, found "1\.2"$/,
    status: 2,
  },
  {
    name: "a version that is a word",
    args: [logistic, "--version", "latest"],
    message: /^--version: expected X\.Y\.Z, found "latest"$/,
    status: 2,
  },
  {
    name: "a name that is a path",
    args: [logistic, "--name", "../up"],
    message: /^--name: expected up to 64 letters.*, found "\.\.\/up"$/,
    status: 2,
  },
  {
    name: "an empty name",
    args: [logistic, "--name="],
    message: /^--name: expected .*, found ""$/,
    status: 2,
  },
  {
    name: "a long name",
    args: [logistic, "--name", "n".repeat(65)],
    message: /^--name: expected up to 64/,
    status: 2,
  },
  ...["64k", "-1", "0", "1.5", "1e5", "99999999999999999999"].map((size) => ({
    name: `--max-size ${size}`,
    args: [logistic, `--max-size=${size}`],
    message: new RegExp(`^--max-size: expected a whole number of at least 1, found "${size}"$`),
    status: 2,
  })),
  {
    name: "a missing file",
    args: [join(scratch, "absent.tflite")],
    message: /absent\.tflite: no such file$/,
  },
  { name: "a folder", args: [scratch], message: /: expected a model file, found a folder$/ },
  {
    name: "a device",
    args: ["/dev/null"],
    message: /dev.null: expected a model file, found a device$/,
  },
  {
    name: "a folder on the way that is a file",
    args: [join(logistic, "x.tflite")],
    message: /logistic_regression\.onnx.x\.tflite: /,
  },
  {
    name: "an empty .tflite",
    args: [write("empty.tflite", "")],
    message: /empty\.tflite: offset 4: expected the TFLite identifier/,
  },
  { name: "an empty .onnx", args: [write("empty.onnx", "")], message: /empty\.onnx: / },
  {
    name: "text as .tflite",
    args: [write("text.tflite", "A model, honestly.\n")],
    message: /text\.tflite: offset 4: expected the TFLite identifier/,
  },
  { name: "text as .onnx", args: [write("text.onnx", "A model, honestly.\n")], message: /text\.onnx: / },
  { name: "text without an extension", args: [write("model", "A model, honestly.\n")], message: /model: / },
  {
    name: "half a .tflite",
    args: [write("half.tflite", digits.subarray(0, digits.length / 2))],
    message: /half\.tflite: /,
  },
  {
    name: "half an .onnx",
    args: [write("half.onnx", readFileSync(logistic).subarray(0, 150))],
    message: /half\.onnx: /,
  },
  {
    name: "two unsupported operators, both named",
    args: [write("unsupported.tflite", unsupported())],
    message:
      /unsupported\.tflite: 2 of 6 nodes are not supported: operator 2: L2_POOL_2D; operator 5: WHILE$/,
  },
  {
    name: "a way to calibrate that there is not",
    args: [logistic, "--calibrate", "guess"],
    message: /--calibrate: expected auto or minmax or percentile or mse or entropy, found "guess"$/,
    status: 2,
  },
  {
    name: "a range that is none",
    args: [logistic, "--calibration", calibration, "--image-range", "1,0"],
    message: /--image-range: expected LOW,HIGH with LOW below HIGH, found "1,0"$/,
    status: 2,
  },
  {
    name: "samples that are missing",
    args: [logistic, "--calibration", join(scratch, "absent.csv")],
    message: /absent\.csv: expected a data file, found none$/,
  },
  {
    name: "samples of another model",
    args: [logistic, "--calibration", modelPath("wine.calibration.csv")],
    message: /wine\.calibration\.csv.*expected 2 .*found 13/,
  },
  {
    name: "samples that are no numbers",
    args: [logistic, "--calibration", write("words.csv", "a,b\n1,two\n")],
    message: /words\.csv.*two/,
  },
  {
    name: "no samples at all",
    args: [logistic, "--calibration", write("none.csv", "a,b\n")],
    message: /none\.csv: expected rows of 2 values, found none$/,
  },
];

describe("a build that fails: one line, nothing left behind", () => {
  for (const { name, args, message, status = 1 } of FAILURES) {
    test(name, () => {
      const folder = join(scratch, "out", name.replaceAll(/\W/g, "_"));
      mkdirSync(folder, { recursive: true });
      for (const file of FILES) writeFileSync(join(folder, file), `old ${file}`);
      const earlier = snapshot(folder);
      // The option comes first: the message has to name the model all the same, not its value.
      const found = thimble(["build", "-o", folder, ...args]);
      assert.match(found.stderr, /^thimble build: [^\n]+\n$/);
      assert.match(found.stderr.replace(/^thimble build: /, "").trimEnd(), message);
      assert.doesNotMatch(found.stderr, /internal error|undefined|\[object/);
      assert.equal(found.stdout.toString(), "");
      assert.equal(found.status, status);
      assert.deepEqual(snapshot(folder), earlier);
    });
  }

  test("a module that is too large: the line, then a table", () => {
    const folder = join(scratch, "too_large");
    const found = thimble([
      "build",
      logistic,
      "--calibration",
      calibration,
      "--max-size",
      "1000",
      "-o",
      folder,
    ]);
    const [line, ...rest] = found.stderr.trimEnd().split("\n");
    assert.match(
      line!,
      /^thimble build: .*logistic_regression\.onnx: module size: expected at most 1000 bytes \(--max-size\), found \d{4}$/,
    );
    assert.ok(
      rest.some((row) => /^LinearClassifier\b/.test(row)),
      found.stderr,
    );
    assert.equal(found.status, 1);
    assert.ok(!existsSync(folder));
  });

  test("an output folder that is a file", () => {
    const file = write("file", "old");
    const found = thimble(["build", logistic, "--calibration", calibration, "-o", file]);
    assert.match(found.stderr, /^thimble build: [^\n]*file: EEXIST: file already exists\n$/);
    assert.equal(found.status, 1);
    assert.equal(readFileSync(file, "utf8"), "old");
  });

  const skip = process.platform === "linux" ? false : "needs /proc and ulimit";

  test("an output folder in a place that can't be written", { skip }, () => {
    const found = thimble(["build", logistic, "--calibration", calibration, "-o", "/proc/thimble"]);
    assert.match(found.stderr, /^thimble build: [^\n]*\/proc\/thimble: [^\n]+\n$/);
    assert.equal(found.status, 1);
  });

  test("a disk that is full before the last file is written", { skip }, () => {
    // No file may be larger than six blocks of 512 bytes: enough for the module, not for its source.
    const limited = (folder: string) =>
      thimble(["build", logistic, "--calibration", calibration, "-o", folder], { prefix: "ulimit -f 6" });
    const fresh = join(scratch, "fresh");
    const used = join(scratch, "used");
    writeAll(used, { "model.wasm": "old" });
    for (const folder of [fresh, used]) {
      const found = limited(folder);
      assert.match(found.stderr, /^thimble build: [^\n]+: EFBIG: file too large\n$/);
      assert.ok(found.stderr.includes(`${folder}: `), found.stderr);
      assert.equal(found.status, 1);
    }
    assert.ok(!existsSync(fresh));
    assert.deepEqual(snapshot(used), { "model.wasm": Buffer.from("old").toString("hex") });
  });
});

describe("writing several files", () => {
  test("one that can't be written leaves all as it was", () => {
    const folder = join(scratch, "half");
    writeAll(folder, { a: "old a", b: "old b" });
    const earlier = snapshot(folder);
    assert.throws(() => writeAll(folder, { a: "new a", "no/such/folder": "x", b: "new b" }), /ENOENT/);
    assert.deepEqual(snapshot(folder), earlier);
    writeAll(folder, { a: "new a" });
    assert.deepEqual(Object.keys(snapshot(folder)), ["a", "b"]);
    assert.equal(readFileSync(join(folder, "a"), "utf8"), "new a");
  });

  test("a folder in a file's place leaves all as it was", () => {
    const folder = join(scratch, "blocked");
    mkdirSync(join(folder, "b"), { recursive: true });
    writeFileSync(join(folder, "a"), "old a");
    const earlier = snapshot(folder);
    assert.throws(() => writeAll(folder, { a: "new a", b: "new b" }));
    assert.deepEqual(snapshot(folder), earlier);
  });
});

describe("the program", () => {
  test("help, the version, and what a command takes", () => {
    for (const args of [["--help"], ["help"], ["-h"]]) {
      const found = thimble(args);
      assert.equal(found.status, 0);
      assert.match(found.stdout.toString(), /^thimble \d+\.\d+\.\d+: [^\n]+\n\n {2}build /);
    }
    assert.match(thimble(["--version"]).stdout.toString(), /^\d+\.\d+\.\d+\n$/);
    assert.match(thimble(["build", "--help"]).stdout.toString(), /^thimble build MODEL/);
  });

  test("no command, and one that there is not", () => {
    assert.equal(thimble([]).status, 1);
    const found = thimble(["compile"]);
    assert.match(
      found.stderr,
      /^thimble: expected a command \(build, run, .*inspect.*\), found "compile"\n$/,
    );
    assert.equal(found.status, 2);
  });

  test("a control character in a model's name does not reach the terminal", () => {
    const found = thimble(["build", join(scratch, "\u001b[31mred\n.tflite")]);
    assert.match(found.stderr, /^thimble build: [^\p{Cc}]*\?\[31mred\?\.tflite: no such file\n$/u);
  });
});

test("a front-end that can't be read is named in one line, and nothing is written", () => {
  const network = modelPath("digits.tflite");
  const cut = write("cut.tflite", readFileSync(network).subarray(0, 5000));
  const folder = join(scratch, "behind_a_cut_front_end");
  const found = thimble(["build", network, "-o", folder, "--frontend", cut]);
  assert.equal(found.status, 1);
  assert.match(
    found.stderr,
    /^thimble build: [^\n]*--frontend [^\n]*cut\.tflite: offset \d+: expected [^\n]+\n$/,
  );
  assert.ok(!existsSync(folder));
});
