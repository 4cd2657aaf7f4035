/** Names in files of other people: none steers the terminal, forges a line, or chooses where files go. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { plainLines } from "../../host/plain.ts";
import { type Outcome, thimble } from "../support/command.ts";
import { scratchFolder, snapshot } from "../support/folders.ts";
import { floatTensor, int, ml, node, onnx, strings, value } from "../support/onnx.ts";

const scratch = scratchFolder();
/** Clears the screen, turns the direction, and begins a line of its own, in every name. */
const EVIL = "\u001b[2J\u009b31m\u202e\u2066\n\u2028forged";
const name = (text: string): string => `${text}${EVIL}`;

const model = onnx({
  inputs: [value(name("x"), ["N", 3])],
  outputs: [value(name("label"), [undefined]), value(name("scores"), [undefined, 2])],
  constants: [floatTensor(name("w"), [3, 2], [1, -1, 0.5, 2, -0.5, 1])],
  nodes: [
    node("MatMul", [name("x"), name("w")], [name("y")], {}, name("product")),
    node("Softmax", [name("y")], [name("scores")], { axis: int(1) }, name("softmax")),
    node("ArgMax", [name("scores")], [name("index")], { axis: int(1), keepdims: int(0) }, name("best")),
    ml(
      "ArrayFeatureExtractor",
      [name("classes"), name("index")],
      [name("label")],
      { classes: strings([name("yes"), name("no")]) },
      name("choice"),
    ),
  ],
});

const plainModel = onnx({
  inputs: [value(name("x"), ["N", 3])],
  outputs: [value(name("scores"), [undefined, 2])],
  constants: [floatTensor(name("w"), [3, 2], [1, -1, 0.5, 2, -0.5, 1])],
  nodes: [
    node("MatMul", [name("x"), name("w")], [name("y")], {}, name("product")),
    node("Softmax", [name("y")], [name("scores")], { axis: int(1) }, name("softmax")),
  ],
});

function isPlain(text: string, what: string): void {
  assert.equal(text, plainLines(text), what);
  assert.doesNotMatch(text, /^forged/m, what);
}

describe("hostile names in a model", () => {
  const folder = join(scratch, "out");
  let built: Outcome;
  before(() => {
    writeFileSync(join(scratch, "evil.onnx"), plainModel);
    writeFileSync(join(scratch, "refused.onnx"), model);
    writeFileSync(join(scratch, "rows.csv"), "a,b,c\n1,2,3\n-1,0,0.5\n");
    built = thimble(
      [
        "build",
        "evil.onnx",
        "-o",
        folder,
        "--dump",
        join(folder, "dump"),
        "--report",
        join(folder, "page.html"),
      ],
      { cwd: scratch },
    );
  });

  test("build, its dumps, its page and its JSON show them plain", () => {
    assert.equal(built.status, 0, built.stderr);
    isPlain(built.stdout.toString("utf8"), "stdout");
    isPlain(built.stderr, "stderr");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const texts = files.filter((file) => /\.(?:txt|json|ts|html)$/.test(file));
    assert.ok(texts.length > 10);
    for (const file of texts) isPlain(readFileSync(join(folder, file), "utf8").replaceAll("\t", " "), file);
  });

  for (const args of [
    ["inspect", "out/model.wasm"],
    ["run", "out/model.wasm", "--input", "rows.csv"],
    ["run", "evil.onnx", "--input", "rows.csv", "--json"],
    ["diff", "evil.onnx", "out/model.wasm", "--input", "rows.csv", "--json"],
  ])
    test(`thimble ${args.join(" ")} shows them plain`, () => {
      const { status, stdout, stderr } = thimble(args, { cwd: scratch });
      assert.ok(status === 0 || args[0] === "diff", stderr);
      assert.ok(stdout.length > 0);
      isPlain(stdout.toString("utf8"), "stdout");
      isPlain(stderr, "stderr");
    });

  test("what is refused is refused in plain lines", () => {
    const { status, stdout, stderr } = thimble(["build", "refused.onnx"], { cwd: scratch });
    assert.equal(status, 1);
    assert.equal(stdout.length, 0);
    assert.match(stderr, /choice/);
    isPlain(stderr, "stderr");
  });
});

describe("a name does not say where files go", () => {
  const cwd = join(scratch, "here");
  before(() => mkdirSync(cwd));

  for (const file of ["...onnx", "..onnx"])
    test(`a model file "${file}"`, () => {
      writeFileSync(join(cwd, file), plainModel);
      const before = snapshot(scratch);
      const { status, stderr } = thimble(["build", file], { cwd });
      assert.equal(status, 1);
      assert.match(
        stderr,
        /^thimble build: .*expected a file that can name a folder, .*: --name gives another\n$/,
      );
      assert.deepEqual(snapshot(scratch), before);
    });

  for (const given of ["..", "../../up", "a\u202eb"])
    test(`--name ${JSON.stringify(given.slice(0, 20))}`, () => {
      writeFileSync(join(cwd, "model.onnx"), plainModel);
      const before = snapshot(scratch);
      const { status, stderr } = thimble(["build", "model.onnx", "--name", given], { cwd });
      assert.ok(status === 1 || status === 2);
      assert.match(stderr, /--name: expected .*, found "/);
      isPlain(stderr, "stderr");
      assert.deepEqual(snapshot(scratch), before);
    });

  test("--name mends it", () => {
    const { status, stderr } = thimble(["build", "...onnx", "--name", "mended"], { cwd });
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(join(cwd, "build")), ["mended"]);
  });
});
