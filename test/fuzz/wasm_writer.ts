/** Writes WebAssembly by hand: modules of the ABI around functions of any shape, also shapes that Binaryen would mend. */
import { leb } from "../../host/module/sections.ts";

export const I32 = 0x7f;
export const I64 = 0x7e;
export const NONE = 0x40;

export interface TypeShape {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface FunctionShape {
  readonly type: number;
  /** Groups of a count and a type. */
  readonly locals?: readonly (readonly [count: number, type: number])[];
  /** Instructions, the last `end` included. */
  readonly code: readonly number[];
}

export interface ModuleShape {
  readonly types: readonly TypeShape[];
  /** `invoke` is the last: () -> i32. */
  readonly functions: readonly FunctionShape[];
  /** Mutable globals, after those of the ABI. */
  readonly globals?: readonly { readonly type: number; readonly value: number }[];
  readonly pages?: number;
  /** The function that is `self_test`; default none. */
  readonly selfTest?: number;
}

/** Signed LEB128. */
export function sleb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const done = rest >> 6 === 0 || rest >> 6 === -1;
    bytes.push(done ? rest & 0x7f : (rest & 0x7f) | 0x80);
    if (done) return bytes;
  }
}

const vector = (entries: readonly (readonly number[])[]): number[] => [
  ...leb(entries.length),
  ...entries.flat(),
];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];
const name = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)];

/** What a module of ABI v1 says of itself: one input of 4 bytes at 0, one output of 64 at 64. */
const ABI: readonly (readonly [string, number])[] = [
  ["abi", 2],
  ["memory_bytes", 128],
  ["input_0", 0],
  ["input_0_bytes", 4],
  ["output_0", 64],
  ["output_0_bytes", 64],
];

/** How many globals precede those of the shape. */
export const ABI_GLOBALS = ABI.length;

function typeEntry({ parameters, results }: TypeShape): number[] {
  return [0x60, ...leb(parameters.length), ...parameters, ...leb(results.length), ...results];
}

function bodyEntry({ locals = [], code }: FunctionShape): number[] {
  const body = [...vector(locals.map(([count, type]) => [...leb(count), type])), ...code];
  return [...leb(body.length), ...body];
}

export function writeModule({
  types,
  functions,
  globals = [],
  pages = 1,
  selfTest,
}: ModuleShape): Uint8Array {
  const constant = (value: number, type: number): number[] => [
    type === I64 ? 0x42 : 0x41,
    ...sleb(value),
    0x0b,
  ];
  const own = globals.map(({ type, value }) => [type, 1, ...constant(value, type)]);
  const exported = ABI.map(([text], i) => [...name(text), 3, ...leb(i)]);
  const tested = selfTest === undefined ? [] : [[...name("self_test"), 0, ...leb(selfTest)]];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types.map(typeEntry))),
    ...section(3, vector(functions.map(({ type }) => leb(type)))),
    ...section(5, vector([[0, ...leb(pages)]])),
    ...section(6, vector([...ABI.map(([, value]) => [I32, 0, ...constant(value, I32)]), ...own])),
    ...section(
      7,
      vector([
        [...name("memory"), 2, 0],
        [...name("invoke"), 0, ...leb(functions.length - 1)],
        ...exported,
        ...tested,
      ]),
    ),
    ...section(10, vector(functions.map(bodyEntry))),
  ]);
}
