import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MAX_ROWS } from "../../../host/runtime/data/dataset.ts";
import { DataError, type Dataset, parseCsv } from "../../../host/runtime/data/index.ts";
import { generator, mutate } from "./mutate.ts";

const plain = ({ rows, ...rest }: Dataset) => ({ rows: rows.map((row) => [...row]), ...rest });
const refuses = (text: string, columns: number, message: string): void =>
  assert.throws(() => parseCsv(text, columns, "x.csv"), { name: "DataError", message });

test("a header, rows and labels", () => {
  assert.deepEqual(plain(parseCsv("a,b\n1,2\n-3.5,4e-1\n", 2)), {
    rows: [
      [1, 2],
      [-3.5, Math.fround(0.4)],
    ],
    columns: ["a", "b"],
  });
  assert.deepEqual(plain(parseCsv("a,b,Label\n1,2,cat\n3,4,07\n", 2)), {
    rows: [
      [1, 2],
      [3, 4],
    ],
    columns: ["a", "b"],
    labels: ["cat", "07"],
  });
});

test("every name of a label column, in any case; but one of the expected columns is never a label", () => {
  for (const name of ["label", "class", "target", "y", "LABEL", "Class", "Y"]) {
    assert.deepEqual(parseCsv(`a,${name}\n1,2\n`, 1).labels, ["2"]);
    const { columns, labels } = parseCsv(`a,${name}\n1,2\n`, 2);
    assert.deepEqual([columns, labels], [["a", name], undefined]);
  }
});

test("forms that programs write", () => {
  const cases: readonly (readonly [what: string, text: string])[] = [
    ["no final line break", "a,b\n1,2\n3,4"],
    ["CRLF", "a,b\r\n1,2\r\n3,4\r\n"],
    ["CR", "a,b\r1,2\r3,4\r"],
    ["byte order mark", "\uFEFFa,b\n1,2\n3,4\n"],
    ["empty lines at the end", "a,b\n1,2\n3,4\n\r\n\n"],
    ["semicolons", "a;b\n1;2\n3;4\n"],
    ["tabs", "a\tb\n1\t2\n3\t4\n"],
    ["blanks", "a , b\n 1, 2\n3 ,4 \n"],
    ["quotes", '"a","b"\n"1",2\n3,"4"\n'],
    ["signs, points and exponents", "a,b\n+1,2.\n.3e1,400E-02\n"],
  ];
  const expected = {
    rows: [
      [1, 2],
      [3, 4],
    ],
    columns: ["a", "b"],
  };
  for (const [what, text] of cases) assert.deepEqual(plain(parseCsv(text, 2)), expected, what);
});

test("delimiters, quotes and line breaks within quotes", () => {
  const { columns, labels } = parseCsv('"a;b";"c ""d""\r\ne";y\n1;2;" x;""\n"\n', 2);
  assert.deepEqual([columns, labels], [["a;b", 'c "d"\r\ne'], [' x;"\n']]);
  // The line counted is that of the file.
  refuses('"a\nb",c\n"1",2\n3,x\n', 2, 'x.csv:4: column c: expected a number, found "x"');
});

test("a first line of numbers is a row", () => {
  assert.deepEqual(plain(parseCsv("0,1\n2,3\n", 2)), {
    rows: [
      [0, 1],
      [2, 3],
    ],
  });
  assert.deepEqual(plain(parseCsv("5\n", 1)), { rows: [[5]] });
});

test("a first line that may be names or values is refused, not guessed", () => {
  const expected = "x.csv:1: expected column names such as p0 or a row of values";
  refuses("0,1,2\n0.5,0.5,0.5\n", 3, `${expected}, found 0 to 2, which may be either`);
  assert.deepEqual(parseCsv("0,1,2,label\n0.5,0.5,0.5,7\n", 3).columns, ["0", "1", "2"]);
  // A damaged row is not taken for a header, which would lose it silently.
  refuses(
    "0.5,nan\n1,2\n",
    2,
    'x.csv:1: column 2: expected a number, as the model takes no missing values there, found "nan"',
  );
  refuses("0.5,cat\n1,2\n", 2, 'x.csv:1: column 2: expected a number, found "cat"');
  refuses(
    "0.5,cat\n0.25,dog\n",
    1,
    "x.csv:1: expected 1 columns, or one more at the end named label, class, target or y; found 2 and no column names",
  );
});

test("wrong cells", () => {
  const MISSING = "a number, as the model takes no missing values there";
  const cases: readonly (readonly [cell: string, expected: string, found: string])[] = [
    ["abc", "a number", '"abc"'],
    ["", MISSING, "an empty cell"],
    ["  ", MISSING, "an empty cell"],
    ["NaN", MISSING, '"NaN"'],
    ["inf", "a number", '"inf"'],
    ["-Infinity", "a number", '"-Infinity"'],
    ["0x10", "a number", '"0x10"'],
    ["1_000", "a number", '"1_000"'],
    ["1e", "a number", '"1e"'],
    [".", "a number", '"."'],
    ["1 2", "a number", '"1 2"'],
    ["٣", "a number", '"٣"'],
    ["1e39", "a number that fits float32", '"1e39"'],
    ["-1e400", "a number that fits float32", '"-1e400"'],
    ['"1,5"', "a number with a decimal point", '"1,5"'],
    ['"a\nb\u001b"', "a number", '"a\\nb\\u001b"'],
    ["x".repeat(50), "a number", `"${"x".repeat(40)}…"`],
  ];
  for (const [cell, expected, found] of cases) {
    refuses(`p2,p3\n1,2\n3,${cell}\n`, 2, `x.csv:3: column p3: expected ${expected}, found ${found}`);
  }
  refuses("a;b\n1,5;2\n", 2, 'x.csv:2: column a: expected a number with a decimal point, found "1,5"');
  refuses("a,y\n1,\n", 1, "x.csv:2: column y: expected a class, found an empty cell");
  refuses("a,\n1,x\n", 2, 'x.csv:2: column 2: expected a number, found "x"');
  refuses('a,"b\nc"\n1,x\n', 2, 'x.csv:3: column 2: expected a number, found "x"');
});

test("wrong counts of columns", () => {
  const either = "expected 2 columns, or one more at the end named label, class, target or y";
  refuses("a\n1\n", 2, `x.csv:1: ${either}; found 1`);
  refuses(
    "a,b,c\n1,2,3\n",
    2,
    `x.csv:1: ${either}; found 3, the last named "c" (--label NAME says which it is)`,
  );
  refuses("a,b,c,y\n1,2,3,4\n", 2, `x.csv:1: ${either}; found 4`);
  refuses("1,2,3\n", 2, `x.csv:1: ${either}; found 3 and no column names`);
  refuses(
    ",a,b\n0,1,2\n",
    2,
    `x.csv:1: ${either}; found 3, the last named "b" (--label NAME says which it is), the first unnamed as a data frame's index is`,
  );
  refuses("a,b\n1,2\n1\n", 2, "x.csv:3: expected 2 columns, found 1");
  refuses("a,b\n1,2,\n", 2, "x.csv:2: expected 2 columns, found 3");
  refuses("a,b,y\n1,2\n", 2, "x.csv:2: expected 3 columns, found 2");
  refuses("a,b\n1,2\n\n3,4\n", 2, "x.csv:3: expected 2 columns, found an empty line");
});

test("wrong quotes", () => {
  refuses('a,b\n1,"2\n', 2, "x.csv:2: expected a closing quote, found the end of the file");
  refuses('a,b\n1,"2"3\n', 2, 'x.csv:2: expected quotes around a whole cell only, found "3"');
  refuses('a,b\n1,2"\n', 2, 'x.csv:2: expected quotes around a whole cell only, found "\\""');
});

test("no rows, and too many", () => {
  for (const text of ["", "\n", "\uFEFF", "a,b", "a,b\r\n"]) {
    refuses(text, 2, "x.csv: expected rows of 2 values, found none");
  }
  refuses("1\n".repeat(MAX_ROWS + 1), 1, "x.csv: expected at most 1000000 rows, found more");
});

test("a cell of a million digits takes no time", () => {
  refuses(`a\n${"1".repeat(1e6)}x\n`, 1, `x.csv:2: column a: expected a number, found "${"1".repeat(40)}…"`);
});

test("property: what a writer writes is what is read", () => {
  const columns = fc.integer({ min: 1, max: 6 });
  const number = fc.float({ noNaN: true, noDefaultInfinity: true });
  const label = fc.string({ unit: "binary", minLength: 1, maxLength: 8 });
  const forms = fc.record({
    delimiter: fc.constantFrom(",", ";", "\t"),
    lineBreak: fc.constantFrom("\n", "\r\n", "\r"),
    mark: fc.constantFrom("", "\uFEFF"),
    end: fc.boolean(),
    labelled: fc.boolean(),
    quoteAll: fc.boolean(),
  });
  const cases = columns.chain((n) =>
    fc.record({
      names: fc.array(fc.string({ unit: "grapheme", maxLength: 8 }), { minLength: n, maxLength: n }),
      rows: fc.array(fc.record({ row: fc.array(number, { minLength: n, maxLength: n }), label }), {
        minLength: 1,
        maxLength: 10,
      }),
      forms,
    }),
  );
  fc.assert(
    fc.property(cases, ({ names, rows, forms: form }) => {
      const write = (value: number) => (Object.is(value, -0) ? "-0" : String(value));
      const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
      // A letter in front: names that are numbers are another test's matter.
      const columns = names.map((name) => `c${name}`);
      const lines = [
        [...columns.map(quote), ...(form.labelled ? ["class"] : [])],
        ...rows.map(({ row, label }) => [
          ...row.map((value) => (form.quoteAll ? quote(write(value)) : write(value))),
          ...(form.labelled ? [quote(label)] : []),
        ]),
      ].map((cells) => cells.join(form.delimiter));
      const text = form.mark + lines.join(form.lineBreak) + (form.end ? form.lineBreak : "");
      assert.deepEqual(plain(parseCsv(text, names.length)), {
        rows: rows.map(({ row }) => row.map(Number)),
        columns,
        ...(form.labelled && { labels: rows.map(({ label }) => label) }),
      });
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("2000 damaged files: read or refused with a DataError in one line", () => {
  const below = generator(7);
  const text = '\uFEFFp0,"p 1",p2,label\r\n0.5,-1e-3,"7",cat\r\n1,2,3,"a ""dog"""\r\n.5,6.,7,owl\r\n';
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    const damaged = Buffer.from(mutate(Buffer.from(text), below)).toString("utf8");
    try {
      const { rows, labels } = parseCsv(damaged, 3);
      assert.ok(rows.length > 0 && rows.every((row) => row.length === 3 && row.every(Number.isFinite)));
      assert.ok(labels === undefined || labels.length === rows.length);
    } catch (error) {
      assert.ok(error instanceof DataError, `damage ${i}: ${error}`);
      assert.doesNotMatch(error.message, /[\r\n]/);
      refused++;
    }
  }
  assert.ok(refused > 500 && refused < 2000);
});

describe("missing values", () => {
  const text = "a,b\n1,\nNaN,2\n3,na\n";

  test("are NaN where the model takes them: empty cells, and those that say so", () => {
    const { rows } = parseCsv(text, 2, "csv", { mayMiss: () => true });
    assert.deepEqual(
      rows.map((row) => [...row]),
      [
        [1, Number.NaN],
        [Number.NaN, 2],
        [3, Number.NaN],
      ],
    );
  });

  test("are refused elsewhere, by column, as is anything else that is no number", () => {
    assert.throws(() => parseCsv(text, 2, "csv", { mayMiss: (column) => column === 0 }), {
      message:
        "csv:2: column b: expected a number, as the model takes no missing values there, found an empty cell",
    });
    assert.throws(() => parseCsv("a,b\n1,x\n", 2, "csv", { mayMiss: () => true }), {
      message: 'csv:2: column b: expected a number, found "x"',
    });
  });
});
