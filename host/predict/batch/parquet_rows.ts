/** Parquet: a part is a row group; flat columns that are no features go into the answers with their own types. */
import {
  asyncBufferFromFile,
  type ColumnChunk,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  type SchemaElement,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { ByteWriter, type ColumnSource, parquetWrite } from "hyparquet-writer";
import { type Layout, layoutOfNames } from "../../runtime/data/csv_layout.ts";
import { DataError } from "../../runtime/data/dataset.ts";
import { fileBytes, readRange } from "./files.ts";
import { type BadRow, type Format, type Part, type PartRows, partHash, type Source } from "./format.ts";
import { type Answers, LABEL, labelOf, MODULE, passedName, ROW, type RowShape, SCORE } from "./rows.ts";

const FORMAT = "parquet";

interface Head {
  /** Columns of the features, in the order of a row. */
  readonly features: readonly string[];
  readonly passed: readonly SchemaElement[];
  readonly rows: number;
}

const lineOf = (error: unknown): string => (error as Error).message.split("\n")[0]!;

async function metadataOf(file: string): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(await asyncBufferFromFile(file));
  } catch (error) {
    throw new DataError(`${file}: expected a Parquet file, found one that can't be read (${lineOf(error)})`);
  }
}

/** Columns that have one value in a row. */
function flatColumns({ schema }: FileMetaData): SchemaElement[] {
  const columns: SchemaElement[] = [];
  for (let i = 1, skip = 0; i < schema.length; i++) {
    const element = schema[i]!;
    const isInside = skip > 0;
    skip = Math.max(0, skip - 1) + (element.num_children ?? 0);
    if (!isInside && element.num_children === undefined && element.repetition_type !== "REPEATED")
      columns.push(element);
  }
  return columns;
}

/** Where the pages of a column begin and end. */
function pagesOf({ meta_data: data }: ColumnChunk): [start: number, end: number] {
  const start = Number(data!.dictionary_page_offset ?? data!.data_page_offset);
  return [start, start + Number(data!.total_compressed_size)];
}

async function* groups(file: string, metadata: FileMetaData, head: Omit<Head, "rows">): AsyncGenerator<Part> {
  let firstRow = 1;
  for (const [number, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows);
    const place = { firstRow, head: { ...head, rows } satisfies Head };
    const hash = partHash(FORMAT, place);
    const ranges = group.columns.map(pagesOf);
    for (const [start, end] of ranges) hash.update(await readRange(file, start, end));
    const [starts, ends] = [ranges.map(([start]) => start), ranges.map(([, end]) => end)];
    const bytes = { start: Math.min(...starts), end: Math.max(...ends) };
    yield { file, number, ...place, ...bytes, hash: hash.digest("hex") };
    firstRow += rows;
  }
}

async function open(file: string, shape: RowShape): Promise<Source> {
  const bytes = fileBytes(file);
  const metadata = await metadataOf(file);
  const columns = flatColumns(metadata);
  const names = columns.map(({ name }) => name);
  const layout: Layout = layoutOfNames(
    names,
    shape.length,
    file,
    shape.features ? { features: shape.features } : {},
  );
  const used = new Set(layout.features);
  const head = {
    features: layout.features.map((i) => names[i]!),
    passed: columns.filter((_, i) => !used.has(i)),
  };
  return { bytes, parts: () => groups(file, metadata, head) };
}

function numberOf(value: unknown): number | undefined {
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === "number") return Math.fround(value);
  return typeof value === "bigint" || typeof value === "boolean" ? Math.fround(Number(value)) : undefined;
}

async function read(part: Part, shape: RowShape): Promise<PartRows> {
  const { features, passed, rows } = part.head as Head;
  const file = await asyncBufferFromFile(part.file);
  const from = part.firstRow - 1;
  const columns = [...features, ...passed.map(({ name }) => name)];
  let data: DecodedArray[];
  try {
    const scan = await parquetScan({ file, columns, rowStart: from, rowEnd: from + rows, compressors });
    data = await Promise.all(
      columns.map((column) => scan.readColumn({ column, rowStart: from, rowEnd: from + rows })),
    );
  } catch (error) {
    throw new DataError(
      `${part.file}: expected rows ${part.firstRow} to ${from + rows}, found: ${lineOf(error)}`,
    );
  }
  const values = new Float32Array(rows * shape.length);
  const kept: number[] = [];
  const bad: BadRow[] = [];
  for (let i = 0; i < rows; i++) {
    const at = kept.length * shape.length;
    const wrong = features.findIndex((_, j) => {
      const x = numberOf(data[j]![i]);
      values[at + j] = x ?? Number.NaN;
      return x === undefined || !(Number.isFinite(x) || (Number.isNaN(x) && shape.mayMiss(j)));
    });
    if (wrong < 0) kept.push(i);
    else {
      const place = `${part.file}: row ${part.firstRow + i}: column ${features[wrong]}`;
      bad.push({
        row: part.firstRow + i,
        reason: `${place}: expected a finite float32, found ${String(data[wrong]![i])}`,
      });
    }
  }
  const others = data.slice(features.length);
  return {
    values: values.slice(0, kept.length * shape.length),
    bad,
    write: (answers) => writeColumns(part, kept, others, answers),
  };
}

function writeColumns(
  part: Part,
  kept: readonly number[],
  others: readonly DecodedArray[],
  answers: Answers,
): Uint8Array {
  const { passed } = part.head as Head;
  const { names, scores, decided, module } = answers;
  const column = (
    name: string,
    type: "INT64" | "FLOAT" | "STRING",
    data: DecodedArray,
  ): [SchemaElement, ColumnSource] => {
    const element: SchemaElement =
      type === "STRING"
        ? { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" }
        : { name, type, repetition_type: "REQUIRED" };
    return [element, { name, data }];
  };
  const columns: [SchemaElement, ColumnSource][] = [
    column(
      ROW,
      "INT64",
      kept.map((i) => BigInt(part.firstRow + i)),
    ),
    ...passed.map((element, j): [SchemaElement, ColumnSource] => {
      const name = passedName(element.name, names);
      return [
        { ...element, name, repetition_type: "OPTIONAL" },
        { name, data: kept.map((i) => others[j]![i]) },
      ];
    }),
    ...(decided
      ? [
          column(LABEL, "STRING", decided.map(labelOf)),
          column(
            SCORE,
            "FLOAT",
            decided.map(({ score }) => score),
          ),
        ]
      : []),
    ...names.map((name, j) =>
      column(
        name,
        "FLOAT",
        kept.map((_, i) => scores[i * names.length + j]!),
      ),
    ),
    column(
      MODULE,
      "STRING",
      kept.map(() => module),
    ),
  ];
  const writer = new ByteWriter();
  const schema = [{ name: "root", num_children: columns.length }, ...columns.map(([element]) => element)];
  parquetWrite({ writer, schema, columnData: columns.map(([, source]) => source) });
  return new Uint8Array(writer.getBuffer());
}

export const parquet: Format = { open, read };
