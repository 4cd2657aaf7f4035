import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../../host/root.ts";
import { DataError, parseRaw, readDataset } from "../../../host/runtime/data/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "thimble-data-"));
after(() => rmSync(scratch, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, content);
  return path;
}

const float32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const plain = (rows: readonly Float32Array[]): number[][] => rows.map((row) => [...row]);
const refuses = (path: string, elements: number, message: string): void =>
  assert.throws(() => readDataset(path, elements), new DataError(`${path}: ${message}`));

test("the data of the test models", () => {
  const models = join(root, "test", "models");
  for (const [name, elements, rows, labelled] of [
    ["digits.calibration.csv", 64, 200, false],
    ["digits.test.csv", 64, 360, true],
    ["wine.calibration.csv", 13, 118, false],
    ["wine.test.csv", 13, 60, true],
    ["logistic_regression.calibration.csv", 2, 200, false],
    ["logistic_regression.test.csv", 2, 200, true],
  ] as const) {
    const data = readDataset(join(models, name), elements);
    assert.deepEqual([data.rows.length, data.columns?.length], [rows, elements], name);
    assert.equal(data.labels?.length, labelled ? rows : undefined, name);
  }
  const { inputs } = JSON.parse(readFileSync(join(models, "wine_dense.expected.json"), "utf8")) as {
    inputs: number[][];
  };
  const { rows } = readDataset(join(models, "wine.test.csv"), 13);
  assert.deepEqual(
    plain(rows.slice(0, inputs.length)),
    inputs.map((row) => row.map(Math.fround)),
  );
});

test("the extension decides, in any case", () => {
  const npy = readFileSync(join(root, "test", "vectors", "npy", "u1.npy"));
  assert.deepEqual(plain(readDataset(file("a.CSV", "x,y\n1,2\n"), 2).rows), [[1, 2]]);
  assert.equal(readDataset(file("a.NPY", npy), 3).rows.length, 2);
  for (const name of ["a.bin", "a.f32", "a", ".csv"]) {
    const rows = plain(readDataset(file(name, float32(1, 2, 3, 4)), 2).rows);
    assert.deepEqual(rows, [
      [1, 2],
      [3, 4],
    ]);
  }
});

test("messages name the file, as it was given", () => {
  const path = file("b.csv", "p0\n1\nabc\n");
  const error = new DataError(`${path}:3: column p0: expected a number, found "abc"`);
  assert.throws(() => readDataset(path, 1), error);
});

test("files that can't be read", () => {
  refuses(join(scratch, "absent.csv"), 1, "expected a data file, found none");
  refuses(scratch, 1, "expected a data file, found a folder");
  refuses(
    join(file("plain", "x"), "below.csv"),
    1,
    "expected a data file, found one that can't be read (ENOTDIR)",
  );
  const large = file("large.bin", "");
  truncateSync(large, 2 ** 30 + 1);
  refuses(large, 1, "expected at most 1073741824 bytes, found 1073741825");
  const long = file("long.csv", "");
  truncateSync(long, 600 * 2 ** 20);
  assert.throws(() => readDataset(long, 1), /long\.csv: expected at most \d+ bytes, found 629145600$/);
});

test("text in another encoding", () => {
  refuses(
    file("c.csv", Buffer.from("é\n1\n", "latin1")),
    1,
    "expected text in UTF-8, found bytes that are not UTF-8",
  );
  refuses(
    file("d.csv", Buffer.from("\uFEFFa\n1\n", "utf16le")),
    1,
    "expected text in UTF-8, found bytes that are not UTF-8",
  );
  assert.deepEqual(readDataset(file("e.csv", "\uFEFFé\n1\n"), 1).columns, ["é"]);
});

test("raw values", () => {
  assert.deepEqual(plain(parseRaw(float32(0.1, -0), 1).rows), [[Math.fround(0.1)], [-0]]);
  const odd = new Uint8Array(9);
  odd.set(float32(1, 2), 1);
  assert.deepEqual(plain(parseRaw(odd.subarray(1), 2).rows), [[1, 2]]);
});

test("raw values that are wrong", () => {
  refuses(
    file("short.bin", new Uint8Array(15)),
    2,
    "expected whole rows of 8 bytes (2 little-endian float32), found 15 bytes",
  );
  refuses(file("none.bin", ""), 2, "expected rows of 2 values, found none");
  refuses(
    file("nan.bin", float32(1, 2, 3, Number.NaN)),
    2,
    "value [1, 1]: expected a finite float32, found NaN",
  );
  refuses(file("inf.bin", float32(-Infinity)), 1, "value [0, 0]: expected a finite float32, found -Infinity");
  refuses(file("many.bin", new Uint8Array(4_000_004)), 1, "expected at most 1000000 rows, found more");
});
