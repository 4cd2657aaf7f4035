/** `thimble predict`: what the README shows, and what is wrong with a call. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
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
      [[module, "-o", out], 2, /^thimble predict: expected --input FILES, found none\n$/],
      [[module, "--input", "x.csv"], 2, /^thimble predict: expected -o DIR, found none\n$/],
      [
        [module, "--input", pattern, "-o", out, "--workers", "0"],
        2,
        /--workers: expected a whole number of at least 1, found "0"\n$/,
      ],
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
