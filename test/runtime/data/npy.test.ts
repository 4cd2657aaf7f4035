import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { root } from "../../../host/root.ts";
import { DataError, parseNpy } from "../../../host/runtime/data/index.ts";
import { generator, mutate } from "./mutate.ts";

interface NumpyVector {
  readonly file: string;
  readonly elements: number;
  readonly rows?: readonly (readonly number[])[];
  readonly error?: string;
}

const folder = join(root, "test", "vectors", "npy");
const vectors = JSON.parse(readFileSync(join(folder, "vectors.json"), "utf8")) as NumpyVector[];

/** A .npy file with this header, in version 1.0 unless told otherwise. */
function writeNpy(header: string, data: Uint8Array, major = 1): Uint8Array {
  const text = Buffer.from(header, "latin1");
  const length = Buffer.alloc(major === 1 ? 2 : 4);
  if (major === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from("NUMPY"),
    Buffer.from([major, 0]),
    length,
    text,
    data,
  ]);
}

const headerOf = (descr: string, shape: string): string =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;

const plain = (rows: readonly Float32Array[]): number[][] => rows.map((row) => [...row]);
const refuses = (bytes: Uint8Array, elements: number, message: string | RegExp): void =>
  assert.throws(() => parseNpy(bytes, elements, "x.npy"), { name: "DataError", message });

for (const { file, elements, rows, error } of vectors) {
  test(`NumPy's ${file} is ${rows ? "read" : "refused"}`, () => {
    const bytes = readFileSync(join(folder, file));
    if (rows) return assert.deepEqual(plain(parseNpy(bytes, elements).rows), rows);
    assert.throws(
      () => parseNpy(bytes, elements, file),
      (thrown: unknown) =>
        thrown instanceof DataError &&
        thrown.message.startsWith(`${file}: `) &&
        thrown.message.includes(error!),
    );
  });
}

test("rows at an odd place in a larger buffer", () => {
  const bytes = writeNpy(headerOf("<f4", "(1, 2)"), new Uint8Array(Float32Array.of(1.5, -2).buffer));
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 1);
  assert.deepEqual(plain(parseNpy(larger.subarray(1, 1 + bytes.length), 2).rows), [[1.5, -2]]);
});

test("other ways to write the same dict", () => {
  for (const header of [
    "{'descr':'|u1','fortran_order':False,'shape':(2,)}",
    `{"shape": (2,), "fortran_order": False, "descr": "|u1"}   \n`,
    "{ 'fortran_order' : False , 'descr' : '|u1' , 'shape' : ( 2 , 1 ) , }\n",
  ]) {
    assert.deepEqual(plain(parseNpy(writeNpy(header, Uint8Array.of(3, 4)), 1).rows), [[3], [4]], header);
  }
});

test("headers that are something else", () => {
  const data = Uint8Array.of(3, 4);
  for (const [header, message] of [
    ["", 'expected {, found ""'],
    ["{}", "expected descr, fortran_order and shape, found "],
    ["{'descr': '|u1', 'fortran_order': False}", 'and shape, found "descr", "fortran_order"'],
    ["{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'x': True}", ', "x"'],
    ["{'descr': '|u1', 'descr': '|u1'}", 'expected "descr" once, found it again'],
    ["{'descr': (2,), 'fortran_order': False, 'shape': (2,)}", "expected descr, fortran_order and shape"],
    [headerOf("|u1", "'2'"), "expected descr, fortran_order and shape"],
    [headerOf("|u1", "(2)"), 'found "(2), }'],
    [headerOf("|u1", "2"), "expected a type name, True, False or a shape"],
    [headerOf("|u1", "(-2,)"), 'found "(-2,)'],
    [headerOf("|u1", "(,)"), 'found "(,)'],
    [headerOf("|u1", "(02,)"), 'found "(02,)'],
    [headerOf("|u1", "(2.0,)"), 'found "(2.0,)'],
    [headerOf("|u1", "(1e1,)"), 'found "(1e1,)'],
    [headerOf("|u1", "(9999999999999999,)"), 'found "(9999999999999999,)'],
    [headerOf("|u1", "(__import__('os'),)"), "expected a type name, True, False or a shape"],
    [headerOf("|u1", "(2,)").replace("False", "Falsely"), "expected a type name"],
    [headerOf("|u1", "(2,)").replace("}", "},"), 'expected its end, found ",'],
    [headerOf("|u1", "(2,)").replace("descr", "de\\x73cr"), "expected a key"],
    [headerOf("|u1", "(2,)").replace("'fortran", " 'shape': (2,) 'fortran"), "expected }"],
  ] as const) {
    assert.throws(
      () => parseNpy(writeNpy(header, data), 1, "x.npy"),
      (e: unknown) =>
        e instanceof DataError && e.message.startsWith("x.npy: .npy header: ") && e.message.includes(message),
      header,
    );
  }
});

test("files that end too soon, go on too long or are no .npy", () => {
  const whole = writeNpy(headerOf("<i2", "(2, 1)"), new Uint8Array(4));
  for (let length = 0; length < whole.length; length++) {
    refuses(
      whole.subarray(0, length),
      1,
      /expected (a \.npy file|a whole \.npy header|4 bytes after the header)/,
    );
  }
  refuses(Buffer.concat([whole, Uint8Array.of(0)]), 1, "x.npy: expected 4 bytes after the header, found 5");
  refuses(
    Buffer.from("PK\u0003\u0004 an .npz"),
    1,
    "x.npy: expected a .npy file, which begins with 934e554d5059, found 504b03042061",
  );
  refuses(Buffer.from(whole).fill(4, 6, 7), 1, "x.npy: expected .npy version 1.0, 2.0 or 3.0, found 4.0");
  refuses(Buffer.from(whole).fill(9, 7, 8), 1, "x.npy: expected .npy version 1.0, 2.0 or 3.0, found 1.9");
  refuses(
    writeNpy(" ".repeat(10_001), new Uint8Array(0), 2),
    1,
    "x.npy: expected a .npy header of at most 10000 bytes, found 10001",
  );
});

test("sizes are checked before anything is read", () => {
  const none = new Uint8Array(0);
  const rows = writeNpy(headerOf("|u1", "(1000001, 2)"), none);
  refuses(rows, 2, "x.npy: expected at most 1000000 rows, found more");
  refuses(
    writeNpy(headerOf("|u1", "(300, 1000000)"), none),
    1_000_000,
    "x.npy: expected at most 1073741824 bytes as float32, found 300 rows of 1000000 (1200000000 bytes)",
  );
  const huge = `(${"999999999999999, ".repeat(30)})`;
  refuses(writeNpy(headerOf("|u1", huge), none), 2, /^x\.npy: expected shape \(N, \.\.\.\) with 2 elements/);
  refuses(writeNpy(headerOf("|u1", `(0, ${huge.slice(1)}`), none), 2, /expected shape/);
});

test("property: what a writer writes is what is read", () => {
  const arrays = {
    "<f4": [Float32Array, fc.float({ noNaN: true, noDefaultInfinity: true })],
    "<f8": [Float64Array, fc.double({ noNaN: true, min: -3e38, max: 3e38 })],
    "|i1": [Int8Array, fc.integer({ min: -128, max: 127 })],
    "|u1": [Uint8Array, fc.integer({ min: 0, max: 255 })],
    "<i2": [Int16Array, fc.integer({ min: -32768, max: 32767 })],
    "<u2": [Uint16Array, fc.integer({ min: 0, max: 65535 })],
    "<i4": [Int32Array, fc.integer()],
    "<u4": [Uint32Array, fc.integer({ min: 0, max: 2 ** 32 - 1 })],
  } as const;
  const cases = fc
    .record({
      descr: fc.constantFrom(...(Object.keys(arrays) as (keyof typeof arrays)[])),
      rows: fc.integer({ min: 1, max: 5 }),
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      major: fc.constantFrom(1, 2, 3),
    })
    .chain(({ descr, rows, shape, major }) => {
      const elements = shape.reduce((product, n) => product * n, 1);
      const length = rows * elements;
      const values = fc.array<number>(arrays[descr][1], { minLength: length, maxLength: length });
      return fc.record({
        values,
        ...{ descr: fc.constant(descr), shape: fc.constant([rows, ...shape]) },
        ...{ elements: fc.constant(elements), major: fc.constant(major) },
      });
    });
  fc.assert(
    fc.property(cases, ({ values, descr, shape, elements, major }) => {
      const data = new Uint8Array(arrays[descr][0].from(values).buffer);
      const read = parseNpy(writeNpy(headerOf(descr, `(${shape.join(", ")})`), data, major), elements).rows;
      assert.equal(read.length, shape[0]);
      assert.deepEqual(plain(read).flat(), values.map(Math.fround));
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("2000 damaged files: read or refused with a DataError in one line", () => {
  const below = generator(11);
  const whole = readFileSync(join(folder, "u1.npy"));
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    try {
      const { rows } = parseNpy(mutate(whole, below), 3);
      assert.ok(rows.length > 0 && rows.every((row) => row.length === 3 && row.every(Number.isFinite)));
    } catch (error) {
      assert.ok(error instanceof DataError, `damage ${i}: ${error}`);
      assert.doesNotMatch(error.message, /[\r\n]/);
      refused++;
    }
  }
  assert.ok(refused > 500 && refused < 2000);
});
