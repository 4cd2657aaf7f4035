/** Numbers straight from bytes are those of the text, whatever the table looks like; records are found however a file is cut. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ByteReader } from "../../../host/predict/batch/csv_bytes.ts";
import { csv } from "../../../host/predict/batch/csv_rows.ts";
import type { PartRows } from "../../../host/predict/batch/format.ts";
import { recordScanner } from "../../../host/predict/batch/lines.ts";
import { bodyOf, rowReader } from "../../../host/runtime/data/csv.ts";
import { layoutOf } from "../../../host/runtime/data/csv_layout.ts";
import { linesOf, sniffDelimiter } from "../../../host/runtime/data/csv_records.ts";
import { DataError } from "../../../host/runtime/data/dataset.ts";
import { scratchFolder } from "../../support/folders.ts";

const SEED = 41;
const folder = scratchFolder();

const numberTexts = fc
  .oneof(fc.double({ noNaN: true }), fc.float({ noNaN: true }), fc.integer(), fc.constantFrom(0, -0, 2 ** 53))
  .chain((x) =>
    fc.constantFrom(
      String(x),
      x.toExponential(),
      x.toPrecision(17),
      Math.abs(x) < 1e20 ? x.toFixed(7) : String(x),
      ` ${x} `,
      `+${Math.abs(x)}`,
      `${Math.trunc(x % 1000)}.`,
      `.${Math.abs(Math.trunc(x % 1e9))}`,
      `000${Math.abs(x % 1000)}`,
    ),
  );
/** Numbers halfway between two of float32, where one of float64 beside them makes another. */
const halfway = fc
  .tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(17, 18, 19, 25))
  .map(([x, digits]) => {
    const [bits, next] = [new Uint32Array(Float32Array.of(x).buffer), new Float32Array(1)];
    next.set(new Float32Array(Uint32Array.of(bits[0]! + 1).buffer));
    return ((x + next[0]!) / 2).toPrecision(digits);
  });
const oddCells = fc.constantFrom(
  "",
  "x",
  "1e",
  "1.2.3",
  "-",
  ".",
  "NaN",
  "inf",
  "1,5",
  '"7"',
  '"a"b',
  'a"b',
  "é",
  "1 2",
  '"1',
  "\t3",
);
const cell = fc.oneof({ weight: 9, arbitrary: numberTexts }, { weight: 1, arbitrary: oddCells });

/** The column that is no feature, as it comes into the answers. */
async function notesOf(rows: PartRows): Promise<string[]> {
  const answers = { names: [], scores: new Float32Array(), module: "m" };
  const text = Buffer.from(await rows.write(answers)).toString("utf8");
  return [...linesOf(bodyOf(text), sniffDelimiter(text))].slice(1).map(({ cells }) => cells[1]!);
}

describe("numbers from bytes", () => {
  test("are those of the text, or are left to it", () => {
    const layout = { width: 1, features: [0], labels: [] };
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(numberTexts, halfway), (text) => {
        const row = new Float32Array(1);
        const bytes = Buffer.from(text);
        const next = new ByteReader(bytes, layout, 44).read(0, row, 0);
        const expected = Math.fround(Number(text));
        if (next < 0) return void assert.ok(!Number.isFinite(expected) || !/\d/.test(text), text);
        read++;
        assert.equal(next, bytes.length);
        assert.ok(Object.is(row[0], expected), `${text}: ${row[0]}`);
      }),
      { seed: SEED, numRuns: 3000 },
    );
    assert.ok(read > 2000, `${read} were read`);
  });

  test("of a table are those of its text, with the same reasons for bad rows", async () => {
    const shape = { length: 2, features: ["a", "b"], inputs: [], mayMiss: (i: number) => i === 1 };
    const row = fc.record({
      cells: fc.array(cell, { minLength: 3, maxLength: 3 }),
      end: fc.constantFrom("\n", "\n", "\r\n", "\r", "\n\n"),
    });
    let bad = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(",", ";", "\t"),
        async (rows, delimiter) => {
          const names = ["b", "note", "a"].join(delimiter);
          const text = `${names}\n${rows.map(({ cells, end }) => cells.join(delimiter) + end).join("")}`;
          const file = join(folder, "table.csv");
          writeFileSync(file, text);
          const found = { values: [] as number[], bad: [] as unknown[], notes: [] as string[] };
          for await (const part of (await csv.open(file, shape)).parts(2 ** 20)) {
            const each = await csv.read(part, shape);
            found.values.push(...each.values);
            found.bad.push(...each.bad);
            found.notes.push(...(await notesOf(each)));
          }
          const [first, ...others] = linesOf(bodyOf(text), delimiter);
          const reader = rowReader(
            layoutOf(first!, 2, file, { features: shape.features }),
            file,
            shape.mayMiss,
          );
          const expected = { values: [] as number[], bad: [] as unknown[], notes: [] as string[] };
          for (const [i, line] of others.entries()) {
            const values = new Float32Array(2);
            try {
              reader(line, values, 0);
              expected.values.push(...values);
              expected.notes.push(line.cells[1]!);
            } catch (error) {
              assert.ok(error instanceof DataError);
              expected.bad.push({ row: i + 1, reason: error.message, values: line.cells });
            }
          }
          bad += expected.bad.length;
          assert.deepEqual(found, expected, JSON.stringify(text));
        },
      ),
      { seed: SEED, numRuns: 400 },
    );
    assert.ok(bad > 100, `${bad} were bad`);
  });
});

test("records are the same however a file is cut into chunks", () => {
  const pieces = fc.array(
    fc.constantFrom("a", "12.5", ",", ",", '"b"', '"b\nc"', '""', '"', "\n", "\n", "\r\n", "\r", "é"),
    { maxLength: 40 },
  );
  const starts = (bytes: Buffer, chunk: number) => {
    const { counts, advance } = recordScanner(44);
    const found: number[] = [];
    for (let at = 0; at < bytes.length; at += chunk) {
      const part = bytes.subarray(at, at + chunk);
      for (let from = 0; from < part.length; ) {
        from = advance(part, from, from + (found.at(-1) === at + from ? 1 : 0));
        if (from < part.length) found.push(at + from);
      }
    }
    return { found, ...counts };
  };
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 9 }), (list, chunk) => {
      const bytes = Buffer.from(list.join(""));
      assert.deepEqual(starts(bytes, chunk), starts(bytes, bytes.length + 1));
    }),
    { seed: SEED, numRuns: 1000 },
  );
});
