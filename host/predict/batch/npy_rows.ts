/** NumPy arrays: a sample in each row; answers are a structured array. */
import { DataError } from "../../runtime/data/dataset.ts";
import { NPY_HEAD_BYTES, npyLayout } from "../../runtime/data/npy.ts";
import { fileBytes, readRange } from "./files.ts";
import { type BadRow, type Format, type Part, type PartRows, partHash, type Source } from "./format.ts";
import { type Answers, LABEL, labelOf, MODULE, ROW, type RowShape, SCORE } from "./rows.ts";

const FORMAT = "npy";

interface Head {
  /** The array's own header, in base64: it says how elements are read. */
  readonly header: string;
  readonly fileBytes: number;
}

const layoutOf = (part: Part, shape: RowShape) => {
  const { header, fileBytes: bytes } = part.head as Head;
  return npyLayout(Buffer.from(header, "base64"), bytes, shape.length, part.file);
};

async function open(file: string, shape: RowShape): Promise<Source> {
  const bytes = fileBytes(file);
  const beginning = await readRange(file, 0, Math.min(bytes, NPY_HEAD_BYTES));
  const { rows, elementBytes, dataStart } = npyLayout(beginning, bytes, shape.length, file);
  const rowBytes = elementBytes * shape.length;
  const head: Head = { header: beginning.subarray(0, dataStart).toString("base64"), fileBytes: bytes };
  const parts = async function* (partBytes: number): AsyncGenerator<Part> {
    const most = Math.max(1, Math.floor(partBytes / rowBytes));
    for (let row = 0, number = 0; row < rows; row += most, number++) {
      const place = { firstRow: row + 1, head };
      const start = dataStart + row * rowBytes;
      const end = dataStart + Math.min(rows, row + most) * rowBytes;
      const hash = partHash(FORMAT, place)
        .update(await readRange(file, start, end))
        .digest("hex");
      yield { file, number, ...place, start, end, hash };
    }
  };
  return { bytes, parts };
}

async function read(part: Part, shape: RowShape): Promise<PartRows> {
  const { elementBytes, read: element } = layoutOf(part, shape);
  const bytes = await readRange(part.file, part.start, part.end);
  if (partHash(FORMAT, part).update(bytes).digest("hex") !== part.hash)
    throw new DataError(`${part.file}: expected a file that nobody changes meanwhile, found it changed`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { length } = shape;
  const count = bytes.length / (elementBytes * length);
  const values = new Float32Array(count * length);
  const rows: number[] = [];
  const bad: BadRow[] = [];
  for (let i = 0; i < count; i++) {
    const at = rows.length * length;
    for (let j = 0; j < length; j++) values[at + j] = element(view, (i * length + j) * elementBytes);
    const row = values.subarray(at, at + length);
    const wrong = row.findIndex((x, j) => !Number.isFinite(x) && !(Number.isNaN(x) && shape.mayMiss(j)));
    if (wrong < 0) rows.push(part.firstRow + i);
    else {
      const place = `[${part.firstRow + i - 1}, ${wrong}]`;
      const reason = `${part.file}: value ${place}: expected a finite float32, found ${row[wrong]}`;
      bad.push({ row: part.firstRow + i, reason });
    }
  }
  return {
    values: values.slice(0, rows.length * length),
    bad,
    write: (answers) => writeArray(rows, answers),
  };
}

/** A field of a structured array: its name, its type, and the text or numbers of one row. */
type Field = readonly [
  name: string,
  type: string,
  bytes: number,
  write: (view: DataView, at: number, i: number) => void,
];

const writeText = (view: DataView, at: number, text: string, step: 1 | 4): void => {
  for (const [i, letter] of [...text].entries()) {
    if (step === 4) view.setUint32(at + 4 * i, letter.codePointAt(0)!, true);
    else view.setUint8(at + i, letter.charCodeAt(0));
  }
};

function fieldsOf(rows: readonly number[], { names, scores, decided, module }: Answers): Field[] {
  const labels = decided?.map(labelOf) ?? [];
  const letters = labels.reduce((most, label) => Math.max(most, [...label].length), 1);
  const count = names.length;
  const decision: Field[] = decided
    ? [
        [LABEL, `'<U${letters}'`, 4 * letters, (view, at, i) => writeText(view, at, labels[i]!, 4)],
        [SCORE, "'<f4'", 4, (view, at, i) => view.setFloat32(at, decided[i]!.score, true)],
      ]
    : [];
  return [
    [ROW, "'<i8'", 8, (view, at, i) => view.setBigInt64(at, BigInt(rows[i]!), true)],
    ...decision,
    [
      "scores",
      `'<f4', (${count},)`,
      4 * count,
      (view, at, i) => {
        for (let j = 0; j < count; j++) view.setFloat32(at + 4 * j, scores[i * count + j]!, true);
      },
    ],
    [MODULE, `'|S${module.length}'`, module.length, (view, at) => writeText(view, at, module, 1)],
  ];
}

/** Version 1.0, as numpy.lib.format describes it. */
function writeArray(rows: readonly number[], answers: Answers): Uint8Array {
  const fields = fieldsOf(rows, answers);
  const types = fields.map(([name, type]) => `('${name}', ${type})`).join(", ");
  const text = `{'descr': [${types}], 'fortran_order': False, 'shape': (${rows.length},), }`;
  const head = 10 + text.length + 1;
  const padded = `${text}${" ".repeat((64 - (head % 64)) % 64)}\n`;
  const rowBytes = fields.reduce((sum, [, , bytes]) => sum + bytes, 0);
  const file = Buffer.alloc(10 + padded.length + rows.length * rowBytes);
  file.write("\x93NUMPY\x01\x00", "latin1");
  file.writeUInt16LE(padded.length, 8);
  file.write(padded, 10, "latin1");
  const view = new DataView(file.buffer, file.byteOffset);
  let at = 10 + padded.length;
  for (let i = 0; i < rows.length; i++)
    for (const [, , bytes, write] of fields) {
      write(view, at, i);
      at += bytes;
    }
  return file;
}

export const npy: Format = { open, read };
