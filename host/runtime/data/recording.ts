/** Recordings of sensors: WAV files, and tables with a column for each channel and a row for each moment. */
import { statSync } from "node:fs";
import { extname } from "node:path";
import type { Stream } from "../../ir/graph.ts";
import { DataError, MAX_BYTES } from "./dataset.ts";
import { readBytes } from "./files.ts";
import { type Found, filesOf } from "./folder.ts";
import { decoding } from "./media.ts";
import { readWav } from "./sound.ts";

/** The sensor's values, the channels of each moment one after the other. */
export interface Recording {
  readonly samples: Float32Array;
  readonly channels: number;
  /** Where the file says it. */
  readonly sampleRate?: number;
}

/** The numbers of 16 bits that a WAV file's values are. */
const FULL_SCALE = 32768;

const isWav = (file: string): boolean => extname(file).toLowerCase() === ".wav";
const isTable = (file: string): boolean => [".csv", ".tsv"].includes(extname(file).toLowerCase());

/** The recordings at a path: a file, or those in a folder, or in its folders by class. Throws DataError where there are none. */
export function recordingFiles(path: string): Found[] {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) throw new DataError(`${path}: expected a recording or a folder of them, found none`);
  if (!info.isDirectory()) return [{ file: path }];
  const files = filesOf(path, (name) => isWav(name) || isTable(name));
  if (files.length === 0)
    throw new DataError(`${path}: expected .wav, .csv or .tsv files, or folders of them; found none`);
  return files;
}

function wavRecording(bytes: Uint8Array, file: string): Recording {
  const { channels, sampleRate } = decoding(file, "a WAV file", () => readWav(bytes, file));
  const length = channels[0]?.length ?? 0;
  if (length === 0) throw new DataError(`${file}: expected a WAV file with samples, found none`);
  const samples = new Float32Array(length * channels.length);
  channels.forEach((values, channel) => {
    values.forEach((value, i) => {
      const count = Math.round(value * FULL_SCALE);
      samples[i * channels.length + channel] = Math.min(Math.max(count, -FULL_SCALE), FULL_SCALE - 1);
    });
  });
  return { samples, channels: channels.length, sampleRate };
}

/** True of what a sensor of 16 bits can give: what other units would be rounded to is no recording. */
const isCount = (x: number): boolean => Number.isInteger(x) && x >= -FULL_SCALE && x < FULL_SCALE;

/** Numbers of a line; a first line without any is a header. */
function tableRecording(bytes: Uint8Array, file: string): Recording {
  const separator = extname(file).toLowerCase() === ".tsv" ? "\t" : ",";
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  const rows = lines
    .map((line, i) => ({ cells: line.split(separator), number: i + 1 }))
    .filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  const numbersOf = (cells: readonly string[]): number[] =>
    cells.map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell)));
  const isHeader = rows[0] !== undefined && numbersOf(rows[0].cells).every(Number.isNaN);
  const data = isHeader ? rows.slice(1) : rows;
  const channels = data[0]?.cells.length ?? 0;
  if (channels === 0) throw new DataError(`${file}: expected rows of numbers, found none`);
  const values = data.flatMap(({ cells, number }) => {
    const numbers = numbersOf(cells);
    if (numbers.length !== channels)
      throw new DataError(`${file}: line ${number}: expected ${channels} columns, found ${numbers.length}`);
    const wrong = numbers.findIndex((x) => !isCount(x));
    if (wrong >= 0)
      throw new DataError(
        `${file}: line ${number}, column ${wrong + 1}: expected a whole number of -32768 to 32767, found ${JSON.stringify(cells[wrong]!.trim().slice(0, 40))}`,
      );
    return numbers;
  });
  return { samples: Float32Array.from(values), channels };
}

/** One recording. Throws DataError in one line on anything wrong with the file. */
export function readRecording(file: string): Recording {
  if (!isWav(file) && !isTable(file))
    throw new DataError(`${file}: expected a .wav, .csv or .tsv file, found another kind`);
  const bytes = readBytes(file, MAX_BYTES);
  return isWav(file) ? wavRecording(bytes, file) : tableRecording(bytes, file);
}

/** Throws DataError where a recording has other channels or another rate than a stream. */
export function checkStream(file: string, { channels, sampleRate }: Recording, stream: Stream): void {
  if (channels !== stream.channels)
    throw new DataError(`${file}: expected ${stream.channels} channels, found ${channels}`);
  if (sampleRate !== undefined && sampleRate !== stream.sampleRate)
    throw new DataError(`${file}: expected ${stream.sampleRate} samples a second, found ${sampleRate}`);
}
