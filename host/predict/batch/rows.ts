/** Rows of files as a model takes them, and its answers to them: the same for every format. */
import type { Decided, Model } from "../../runtime/model/model.ts";

/** The values of one input in a row. */
export interface InputShape {
  readonly name: string;
  readonly start: number;
  readonly count: number;
}

export interface RowShape {
  /** Values of all inputs. */
  readonly length: number;
  /** Names of all values, where every one has its own. */
  readonly features?: readonly string[];
  readonly inputs: readonly InputShape[];
  /** Whether value number `i` may be missing, which NaN stands for. */
  readonly mayMiss: (i: number) => boolean;
  /** Texts that value number `i` is the number of, where it is one of such. */
  readonly categories?: (i: number) => readonly string[] | undefined;
}

export function shapeOf({ inputs, inputLength }: Model): RowShape {
  const names = inputs.flatMap(({ names: features, raw }) =>
    features?.length === raw.length ? features : [],
  );
  const isNamed = names.length === inputLength && new Set(names).size === inputLength;
  const owners = inputs.flatMap((input) => Array.from(input.raw, () => input));
  return {
    length: inputLength,
    ...(isNamed && { features: names }),
    inputs: inputs.map(({ name, start, raw }) => ({ name, start, count: raw.length })),
    categories: (i) => owners[i]!.categories,
    mayMiss: (i) => {
      const { columns, start } = owners[i]!;
      return columns[(i - start) % columns.length]!.length === 4;
    },
  };
}

/** Answers to the rows of a part, in their order. */
export interface Answers {
  /** Names of the values that a row of outputs has. */
  readonly names: readonly string[];
  /** Rows of outputs, one after the other. */
  readonly scores: Float32Array;
  /** The decision of each row; absent where the model decides nothing. */
  readonly decided?: readonly Decided[];
  /** SHA-256 of the module, in hex. */
  readonly module: string;
}

/** Names of columns that every answer has, the first where a model decides. */
export const ROW = "row";
export const LABEL = "label";
export const SCORE = "score";
export const MODULE = "module";
const OURS = [ROW, LABEL, SCORE, MODULE];

/** Labels, where each value is that of a class; else the output's name, with the number of the value. */
export function scoreNames({ outputs }: Model): string[] {
  const plain = outputs.flatMap(({ name, raw }) =>
    raw.length === 1 ? [name] : Array.from(raw, (_, i) => `${name}[${i}]`),
  );
  const labelled = outputs.flatMap(({ names, raw }) => (names?.length === raw.length ? names : []));
  const names = labelled.length === plain.length ? labelled : plain;
  const isClear = new Set(names).size === names.length && !names.some((name) => OURS.includes(name));
  return isClear
    ? [...names]
    : outputs.flatMap(({ name, raw }) => Array.from(raw, (_, i) => `${name}[${i}]`));
}

/** The name under which a column of the input goes into the answers: its own, unless an answer has that name. */
export function passedName(name: string, names: readonly string[]): string {
  return OURS.includes(name) || names.includes(name) ? `input.${name}` : name;
}

export const labelOf = ({ label, classNumber }: Decided): string => label ?? String(classNumber);

/** Texts of numbers: outputs are integers of 8 or 16 bits with a scale, so that few numbers come again and again. */
const texts = new Map<number, string>();
const MOST_TEXTS = 2 ** 17;

/** A number of float32 in the fewest digits that are read as the same one. */
export function shortFloat(value: number): string {
  const known = texts.get(value);
  // One text would stand for both zeros.
  if (known !== undefined && value !== 0) return known;
  const text = shortest(value);
  if (texts.size < MOST_TEXTS) texts.set(value, text);
  return text;
}

function shortest(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  for (const digits of [7, 8]) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}
