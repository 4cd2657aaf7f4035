/** Edits of decoded documents: what comes out is well-formed, and wrong in what it says. */
import type { Random } from "./random.ts";

type Holder = Record<string, unknown> | unknown[];

interface Leaf {
  readonly holder: Holder;
  readonly key: string | number;
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value);

/** Every value of the tree with what holds it; `skip` names keys that stay as they are. */
function leaves(root: Holder, skip: readonly string[]): Leaf[] {
  return Object.keys(root)
    .filter((key) => !skip.includes(key))
    .flatMap((key) => {
      const value = (root as Record<string, unknown>)[key];
      return [{ holder: root, key }, ...(isHolder(value) ? leaves(value, skip) : [])];
    });
}

const INTEGERS = [0, 1, 2, 3, 7, 11, 16, -1, -2, 127, 255, 4096, 65536, 2 ** 24, 2 ** 31 - 1, -(2 ** 31)];
const LONGS = [
  0n,
  1n,
  2n,
  3n,
  -1n,
  -2n,
  127n,
  1n << 20n,
  1n << 31n,
  1n << 32n,
  1n << 53n,
  (1n << 63n) - 1n,
  -(1n << 63n),
];
const FLOATS = [0, -0, 1, -1, 1e-45, 1e-30, 1e30, 3.4e38, Infinity, -Infinity, Number.NaN];
const STRINGS = [
  "",
  "x",
  "\n",
  "a\r\nb\u001b[2J",
  "\u0000",
  "__proto__",
  "\u2028",
  "*/ x",
  "n".repeat(5000),
  "Relu",
  "ai.onnx.ml",
];

function changedScalar(value: unknown, others: readonly unknown[], random: Random): unknown {
  const { pick } = random;
  if (random.below(3) === 0) {
    const same = others.filter((other) => typeof other === typeof value && !isHolder(other));
    if (same.length > 0) return pick(same);
  }
  if (typeof value === "bigint") return pick([...LONGS, value + 1n, value - 1n, -value]);
  if (typeof value === "string") return pick(STRINGS);
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") {
    return Number.isInteger(value) ? pick([...INTEGERS, value + 1, value - 1]) : pick([...FLOATS, -value]);
  }
  if (value instanceof Uint8Array) return value.slice(0, random.below(value.length + 1));
  return value;
}

function changedList(list: readonly unknown[], { below, pick }: Random): unknown[] {
  const at = below(list.length);
  const edits = [
    () => list.toSpliced(at, 1),
    () => list.toSpliced(at, 0, list[at]),
    () => list.toReversed(),
    () => [],
    () => list.with(at, list[below(list.length)]),
    () => Array.from({ length: pick([2, 70, 300]) }, () => list[at]),
  ];
  return list.length === 0 ? [] : pick(edits)();
}

/**
 * Changes one to three values of the tree in place: numbers, texts, lists, and what is optional.
 * `foreign` values may take the place of any other, which only untyped documents can hold.
 */
export function editTree(
  root: Holder,
  random: Random,
  skip: readonly string[],
  foreign: readonly unknown[],
): void {
  for (let n = random.pick([1, 1, 2, 3]); n > 0; n--) {
    const all = leaves(root, skip);
    if (all.length === 0) return;
    const { holder, key } = random.pick(all);
    const values = holder as Record<string | number, unknown>;
    const value = values[key];
    if (foreign.length > 0 && random.below(3) === 0) values[key] = random.pick(foreign);
    else if (Array.isArray(value)) values[key] = changedList(value, random);
    else if (!isHolder(value)) {
      const others = all.map((leaf) => (leaf.holder as Record<string | number, unknown>)[leaf.key]);
      values[key] = changedScalar(value, others, random);
    } else if (foreign.length > 0) delete values[key];
  }
}
