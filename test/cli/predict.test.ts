/** `thimble predict`: what the README shows, and what is wrong with a call. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { publicPem } from "../../host/image/keys.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";
import { key, makeImage, otherKey } from "../support/signed_images.ts";

const scratch = scratchFolder();
const folder = join(scratch, "wine");
const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = thimble(["predict", ...args]);
  return { status, stdout: stdout.toString(), stderr };
};

assert.equal(
  thimble([
    "build",
    modelPath("wine_dense.onnx"),
    "--calibration",
    modelPath("wine.calibration.csv"),
    "-o",
    folder,
  ]).status,
  0,
);
const module = join(folder, "model.wasm");

describe("files", () => {
  const out = join(scratch, "out");
  const pattern = join(modelPath("."), "wine.*.csv");

  test("are predicted as `run` does, once", () => {
    const first = run(module, "--input", pattern, "-o", out, "--workers", "2");
    assert.deepEqual(first, { status: 0, stdout: `178 rows: 2 parts written to ${out}\n`, stderr: "" });
    const again = run(module, "--input", pattern, "-o", out, "--json");
    const { parts, partsThere } = JSON.parse(again.stdout) as { parts: number; partsThere: number };
    assert.deepEqual([again.status, parts, partsThere], [0, 0, 2]);
    const file = readdirSync(out).find((name) => name.startsWith("wine.test"))!;
    const labels = readFileSync(join(out, file), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[2]);
    const { stdout } = thimble(["run", module, "--input", modelPath("wine.test.csv"), "--json"]);
    const { rows } = JSON.parse(stdout.toString()) as { rows: { label: string }[] };
    assert.deepEqual(
      labels,
      rows.map(({ label }) => label),
    );
  });

  test("of an image have to have the signature of the key", () => {
    const image = join(scratch, "wine.img");
    writeFileSync(image, makeImage({ body: readFileSync(module) }));
    const pem = (name: string, text: string): string => {
      writeFileSync(join(scratch, name), text);
      return join(scratch, name);
    };
    const [right, wrong] = [pem("right.pem", publicPem(key)), pem("wrong.pem", publicPem(otherKey))];
    const signed = join(scratch, "signed");
    assert.equal(run(image, "--input", pattern, "-o", signed, "--key", right).status, 0);
    assert.deepEqual(readdirSync(signed), readdirSync(out));
    assert.equal(run(image, "--input", pattern, "-o", signed, "--key", wrong).status, 1);
    assert.match(run(module, "--input", pattern, "-o", signed, "--key", right).stderr, /found no image\n$/);
  });

  test("a wrong call is one line", () => {
    const table: readonly (readonly [readonly string[], number, RegExp])[] = [
      [
        [module, "-o", out],
        2,
        /^thimble predict: expected --input FILES or --listen HOST:PORT, found none\n$/,
      ],
      [[module, "--input", "x.csv"], 2, /^thimble predict: expected -o DIR, found none\n$/],
      [
        [module, "--input", pattern, "-o", out, "--workers", "0"],
        2,
        /--workers: expected a whole number of at least 1, found "0"\n$/,
      ],
      [["--listen", "127.0.0.1:0"], 2, /expected MODEL \.\.\., found none\n$/],
      [[module, "--listen", "8080"], 2, /--listen: expected HOST:PORT, found "8080"\n$/],
      [
        [module, "--listen", "127.0.0.1:99999"],
        2,
        /--listen: expected HOST:PORT, found "127.0.0.1:99999"\n$/,
      ],
      [[pattern, "--listen", "127.0.0.1:0"], 1, /no such file\n$/],
      [[module, "--input", join(scratch, "*.csv"), "-o", out], 1, /expected files, found none\n$/],
      [[pattern, "--input", pattern, "-o", out], 1, /no such file\n$/],
    ];
    for (const [args, status, message] of table) {
      const found = run(...args);
      assert.deepEqual([found.status, found.stdout], [status, ""], found.stderr);
      assert.match(found.stderr, message);
      assert.equal(found.stderr.split("\n").length, 2);
    }
  });
});

describe("--listen", () => {
  const program = fileURLToPath(new URL("../support/program.js", import.meta.url));
  let child: ChildProcess;
  let url: string;
  let log = "";
  before(async () => {
    const args = [
      "predict",
      module,
      `second=${module}`,
      "--listen",
      "127.0.0.1:0",
      "--max-rows",
      "2",
      "--json",
    ];
    child = spawn(process.execPath, [program, ...args]);
    child.stderr!.on("data", (text: Buffer) => {
      log += text.toString();
    });
    const line = await new Promise<string>((resolve) => createInterface(child.stdout!).once("line", resolve));
    const said = JSON.parse(line) as { url: string; models: string[] };
    assert.deepEqual(
      said.models.map((each) => each.split(" ")[0]),
      ["wine", "second"],
    );
    url = said.url;
  });
  after(() => child.kill("SIGKILL"));

  const infer = (rows: number) =>
    fetch(`${url}/v2/models/second/infer`, {
      method: "POST",
      body: JSON.stringify({
        inputs: [{ name: "X", shape: [rows, 13], datatype: "FP32", data: new Array(13 * rows).fill(0.5) }],
      }),
    });

  test("answers by the Open Inference Protocol, and ends when it is asked to", async () => {
    const metadata = (await (await fetch(`${url}/v2/models/wine`)).json()) as { inputs: { name: string }[] };
    assert.deepEqual(
      metadata.inputs.map(({ name }) => name),
      ["X"],
    );
    const { outputs } = (await (await infer(1)).json()) as { outputs: { name: string; data: unknown[] }[] };
    assert.match(String(outputs.find(({ name }) => name === "label")!.data[0]), /^[012]$/);
    assert.equal((await infer(3)).status, 413);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
    const entries = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { status: number });
    assert.deepEqual(
      entries.map(({ status }) => status),
      [200, 200, 413],
    );
  });
});
