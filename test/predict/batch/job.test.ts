/** Batches: the same answers as row by row, in every format; each part once; bad rows with reasons, or one line. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parquetReadObjects } from "hyparquet";
import { ByteWriter, parquetWrite } from "hyparquet-writer";
import type { Borders } from "../../../host/ops/border.ts";
import { type BatchOptions, predictFiles } from "../../../host/predict/batch/job.ts";
import { load } from "../../../host/runtime/model/node.ts";
import { described, tensor } from "../../firmware/core/values_borders.ts";
import { scratchFolder, snapshot } from "../../support/folders.ts";
import { sha256 } from "../../support/signed_images.ts";

const output = tensor({ name: "scores", decision: "greatest", labels: ["young", "heavy"] });
/** Two numbers in, by name, the same two as scores out. */
const borders: Borders = { inputs: [tensor({ features: ["age", "weight"] })], outputs: [output] };
const model = described(borders);
const hash = sha256(model).toString("hex");
const loaded = await load(model);
const scratch = scratchFolder();
let folders = 0;

const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(scratch, name), content);
  return join(scratch, name);
};
const newFolder = (): string => join(scratch, `out${folders++}`);
const predict = (inputs: readonly string[], out: string, more: Partial<BatchOptions> = {}) =>
  predictFiles({ model, inputs, out, workers: 1, ...more });
/** All parts one after the other, without the lines with names from the second on. */
const answers = (out: string, skip = 0): string[] =>
  readdirSync(out)
    .filter((name) => !name.endsWith(".bad"))
    .sort()
    .flatMap((name, i) => {
      const lines = readFileSync(join(out, name), "utf8").split("\n").slice(0, -1);
      return i === 0 ? lines : lines.slice(skip);
    });

const ages = Array.from({ length: 300 }, (_, i) => [((i * 37) % 121) / 2, ((i * 53) % 119) / 2] as const);
const expectedOf = ([age, weight]: readonly [number, number]) => loaded.predict([age, weight]);
const table = `id,weight,note,age\r\n${ages.map(([age, weight], i) => `${i},${weight},"a ""b"",\nc${i % 3 ? "" : '""'}",${age}`).join("\r\n")}\r\n\r\n`;

describe("tables", () => {
  const file = write("people.csv", table);

  test("have columns by name; others go into the answers as they are", async () => {
    const out = newFolder();
    const summary = await predict([file], out);
    assert.deepEqual(summary, { parts: 1, partsThere: 0, rows: 300, bad: 0, module: hash });
    const [name] = readdirSync(out);
    assert.match(name!, new RegExp(`^people-00000-[0-9a-f]{16}-${hash.slice(0, 16)}\\.csv$`));
    const text = readFileSync(join(out, name!), "utf8");
    const lines = ages.map((row, i) => {
      const { label, score, outputs } = expectedOf(row);
      const [young, heavy] = outputs["scores"]!;
      return `${i + 1},${i},"a ""b"",\nc${i % 3 ? "" : '""'}",${label},${score},${young},${heavy},${hash}`;
    });
    assert.equal(text, `${["row,id,note,label,score,young,heavy,module", ...lines].join("\n")}\n`);
  });

  test("are the same in parts of every size, by any number of threads", async () => {
    const whole = newFolder();
    await predict([file], whole);
    for (const [partBytes, workers] of [
      [100, 3],
      [4099, 2],
    ] as const) {
      const out = newFolder();
      const { parts } = await predict([file], out, { partBytes, workers });
      assert.equal(parts > 1, true);
      assert.deepEqual(answers(out, 1), answers(whole));
    }
  });

  test("with lone carriage returns, semicolons and a mark of byte order", async () => {
    const odd = write("odd.tsv", "\uFEFFage;label;weight\r1;x;2\r3;y;1");
    const out = newFolder();
    await predict([odd], out, { partBytes: 1 });
    assert.deepEqual(answers(out, 1), [
      "row;input.label;label;score;young;heavy;module",
      `1;x;heavy;2;1;2;${hash}`,
      `2;y;young;3;3;1;${hash}`,
    ]);
  });

  test("are all looked into before any work", async () => {
    const [one, two] = [write("one.csv", "age,height\n1,2\n"), write("two.txt", "age,weight\n1,2\n")];
    const out = newFolder();
    await assert.rejects(predict([file, one, two], out), {
      name: "DataError",
      message: `${one}:1: expected columns "weight", found "height" instead; and 1 more: ${two}: expected a name that ends in .csv .tsv .jsonl .ndjson .npy .parquet .pq, found .txt`,
    });
    assert.throws(() => statSync(out), { code: "ENOENT" });
    await assert.rejects(predict([join(scratch, "*.none")], out), /expected files, found none/);
  });
});

describe("parts are written once", () => {
  const file = write("once.csv", table);

  test("a repeated run writes nothing; other rows or another model write other files", async () => {
    const out = newFolder();
    await predict([file], out, { partBytes: 1000 });
    const before = readdirSync(out).map((name) => [name, statSync(join(out, name)).ino]);
    const summary = await predict([file], out, { partBytes: 1000 });
    assert.deepEqual([summary.parts, summary.partsThere], [0, before.length]);
    assert.deepEqual(
      readdirSync(out).map((name) => [name, statSync(join(out, name)).ino]),
      before,
    );
    writeFileSync(file, `${table.trimEnd()}\r\n300,1,,2\r\n`);
    const more = await predict([file], out, { partBytes: 1000 });
    assert.deepEqual([more.parts, more.partsThere], [1, before.length - 1]);
    const other = described({ ...borders, outputs: [{ ...output, labels: ["a", "b"] }] });
    assert.equal((await predictFiles({ model: other, inputs: [file], out, workers: 1 })).partsThere, 0);
  });

  test("a run that is killed goes on, and leaves nothing but whole parts", async () => {
    const out = newFolder();
    const job = new URL("../../../host/predict/batch/job.js", import.meta.url).href;
    const modelPath = write("model.wasm", model);
    const script = `
      import { readFileSync } from "node:fs";
      import { predictFiles } from ${JSON.stringify(job)};
      let parts = 0;
      await predictFiles({ model: readFileSync(${JSON.stringify(modelPath)}), inputs: [${JSON.stringify(file)}],
        out: ${JSON.stringify(out)}, workers: 2, partBytes: 500,
        onProgress: () => { if (++parts === 3) process.kill(process.pid, "SIGKILL"); } });`;
    const killed = spawnSync(process.execPath, [write("killed.mjs", script)]);
    assert.equal(killed.signal, "SIGKILL", killed.stderr.toString());
    const left = readdirSync(out).filter((name) => name.endsWith(".csv"));
    assert.equal(left.length >= 3, true);
    const summary = await predict([file], out, { partBytes: 500 });
    assert.equal(summary.partsThere, left.length);
    const whole = newFolder();
    await predict([file], whole, { partBytes: 500 });
    assert.deepEqual(snapshot(out), snapshot(whole));
  });
});

describe("patterns", () => {
  test("a folder's files go into a folder as theirs", async () => {
    const out = newFolder();
    mkdirSync(join(scratch, "below", "deep"), { recursive: true });
    const one = write("below/one.csv", table);
    write("below/deep/two.csv", table);
    assert.equal((await predict([join(scratch, "below/**/{one,two}.*"), one], out)).parts, 2);
    const same = newFolder();
    await predict([join(scratch, "below")], same);
    assert.deepEqual(snapshot(same), snapshot(out));
    assert.deepEqual(readdirSync(join(out, "deep")).length, 1);
  });
});

describe("bad rows", () => {
  const file = write("bad.csv", 'age,weight\n1,2\nx,2\n1\n1e39,2\n3,\n5" ,1\n4,5\n');
  const reasons = [
    [2, `${file}:3: column age: expected a number, found "x"`],
    [3, `${file}:4: expected 2 columns, found 1`],
    [4, `${file}:5: column age: expected a number that fits float32, found "1e39"`],
    [
      5,
      `${file}:6: column weight: expected a number, as the model takes no missing values there, found an empty cell`,
    ],
    [6, `${file}:7: expected quotes around a whole cell only, found "\\" "`],
  ] as const;

  test("stop a batch with one line, unless a file takes them with the reasons", async () => {
    const [out, badRows] = [newFolder(), join(scratch, "rows.bad")];
    await assert.rejects(predict([file], out), { name: "DataError", message: reasons[0][1] });
    assert.deepEqual(readdirSync(out), []);
    for (const partBytes of [1, 1000]) {
      const summary = await predict([file], out, { badRows, partBytes, workers: 2 });
      assert.deepEqual([summary.rows, summary.bad], [2, 5]);
      const found = readFileSync(badRows, "utf8").trim().split("\n");
      assert.deepEqual(
        found.map((line) => JSON.parse(line)).map(({ row, reason }) => [row, reason]),
        reasons,
      );
    }
    assert.equal((await predict([file], out, { badRows, partBytes: 1000 })).parts, 0);
    await assert.rejects(predict([file], out, { partBytes: 1000 }), /expected no bad rows, found some/);
  });
});

describe("JSON lines", () => {
  test("that are not UTF-8 are bad rows, in tables and in lines", async () => {
    const latin = (text: string): Uint8Array => Buffer.from(text, "latin1");
    for (const [name, text, row] of [
      ["latin.csv", "age,who,weight\n1,a,2\n3,\xe9,4\n5,b,6\n", 2],
      ["latin.jsonl", '{"age":1,"weight":2}\n{"age":3,"weight":4,"who":"\xe9"}\n{"age":5,"weight":6}\n', 2],
    ] as const) {
      const file = write(name, latin(text));
      await assert.rejects(
        predict([file], newFolder()),
        /expected text in UTF-8, found bytes that are not UTF-8/,
      );
      const [out, badRows] = [newFolder(), join(scratch, `${name}.bad`)];
      const { rows, bad } = await predict([file], out, { badRows });
      assert.deepEqual([rows, bad], [2, 1]);
      const reason = `${file}:${name.endsWith("csv") ? 3 : 2}: expected text in UTF-8, found bytes that are not UTF-8`;
      const told = JSON.parse(readFileSync(badRows, "utf8")) as { row: number; reason: string };
      assert.deepEqual([told.row, told.reason], [row, reason]);
    }
  });

  test("have values by names of features or inputs, or all in a list", async () => {
    const lines = [
      '{"age":1}',
      "[1,2]",
      '{"x":[[3,"4"]]}',
      "nonsense",
      '{"age":1,"weight":[2]}',
      "",
      '{"age":5,"weight":6,"k":{"a":[1]},"__proto__":1}',
    ];
    const jsonl = write("some.jsonl", lines.join("\n"));
    const [out, badRows] = [newFolder(), join(scratch, "json.bad")];
    const summary = await predict([jsonl], out, { badRows, partBytes: 20 });
    assert.deepEqual([summary.rows, summary.bad], [2, 4]);
    const found = readFileSync(badRows, "utf8").trim().split("\n");
    assert.deepEqual(
      found.map((line) => JSON.parse(line).reason),
      [
        `${jsonl}:1: weight: expected a number, found none`,
        `${jsonl}:3: x[1]: expected a number, found "4"`,
        `${jsonl}:4: expected JSON, found "nonsense" (Unexpected token 'o', "nonsense" is not valid JSON)`,
        `${jsonl}:5: weight: expected a number, found [2]`,
      ],
    );
    const tail = { label: "heavy", score: 2, scores: { young: 1, heavy: 2 }, module: hash };
    assert.deepEqual(
      answers(out).map((line) => JSON.parse(line)),
      [
        { row: 2, ...tail },
        JSON.parse(
          `{"row":7,"k":{"a":[1]},"__proto__":1,"label":"heavy","score":6,"scores":{"young":5,"heavy":6},"module":"${hash}"}`,
        ),
      ],
    );
  });
});

describe("arrays and columns", () => {
  test("a .npy array's answers are a structured array", async () => {
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }";
    const padded = `${header.padEnd(117)}\n`;
    const data = Buffer.from(Float64Array.of(1, 2, Number.NaN, 1, 4, 3).buffer);
    const head = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(padded.length, 0)}${padded}`, "latin1");
    const file = write("rows.npy", Buffer.concat([head, data]));
    const [out, badRows] = [newFolder(), join(scratch, "npy.bad")];
    await predict([file], out, { badRows, partBytes: 32 });
    const parts = readdirSync(out)
      .filter((name) => name.endsWith(".npy"))
      .sort();
    assert.equal(parts.length, 2);
    const [first, second] = parts.map((name) => readFileSync(join(out, name)));
    const type = `[('row', '<i8'), ('label', '<U5'), ('score', '<f4'), ('scores', '<f4', (2,)), ('module', '|S64')]`;
    const text = `{'descr': ${type}, 'fortran_order': False, 'shape': (1,), }`;
    assert.equal(first!.subarray(10).toString("latin1").startsWith(text), true);
    const size = 10 + first!.readUInt16LE(8);
    assert.equal(size % 64, 0);
    const row = second!.subarray(size);
    assert.deepEqual(
      [row.readBigInt64LE(0), row.subarray(8, 28).toString("utf16le").replaceAll("\0", "")],
      [3n, "young"],
    );
    assert.deepEqual(
      [28, 32, 36].map((at) => row.readFloatLE(at)),
      [4, 4, 3],
    );
    assert.equal(row.subarray(40).toString("latin1"), hash);
    assert.match(readFileSync(badRows, "utf8"), /value \[1, 0\]: expected a finite float32, found NaN/);
  });
});

describe("Parquet", () => {
  const at = (i: number): Date => new Date(1.7e12 + i * 1000);
  const groupsOfTwo = (): Uint8Array => {
    const writer = new ByteWriter();
    parquetWrite({
      writer,
      rowGroupSize: 2,
      columnData: [
        { name: "weight", data: [2, 1, 7, 8], type: "INT32" },
        { name: "when", data: [0, 1, 2, 3].map(at), type: "TIMESTAMP" },
        { name: "age", data: [1, 3, null, 9], type: "DOUBLE" },
        { name: "label", data: ["a", null, "c", "d"], type: "STRING" },
      ],
    });
    return new Uint8Array(writer.getBuffer());
  };

  test("row groups are parts, and other columns keep their types", async () => {
    const file = write("rows.parquet", groupsOfTwo());
    const [out, badRows] = [newFolder(), join(scratch, "parquet.bad")];
    const summary = await predict([file], out, { badRows, workers: 2 });
    assert.deepEqual([summary.parts, summary.rows, summary.bad], [2, 3, 1]);
    const parts = readdirSync(out)
      .filter((name) => name.endsWith(".parquet"))
      .sort();
    const rows = await Promise.all(
      parts.map((name) => {
        const { buffer, byteOffset, length } = readFileSync(join(out, name));
        return parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer });
      }),
    );
    assert.deepEqual(rows.flat(), [
      {
        row: 1n,
        when: at(0),
        "input.label": "a",
        label: "heavy",
        score: 2,
        young: 1,
        heavy: 2,
        module: hash,
      },
      {
        row: 2n,
        when: at(1),
        "input.label": null,
        label: "young",
        score: 3,
        young: 3,
        heavy: 1,
        module: hash,
      },
      {
        row: 4n,
        when: at(3),
        "input.label": "d",
        label: "young",
        score: 9,
        young: 9,
        heavy: 8,
        module: hash,
      },
    ]);
    assert.match(readFileSync(badRows, "utf8"), /row 3: column age: expected a finite float32, found null/);
    const damaged = write("damaged.parquet", "PAR1 and nothing");
    await assert.rejects(predict([damaged], out), /expected a Parquet file, found one that can't be read/);
  });
});
