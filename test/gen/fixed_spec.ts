/**
 * Writes test/assembly/fixed_vectors.ts, the vectors of test/vectors/fixed.json for as-pect, since
 * AssemblyScript can't read JSON while it runs: `node dist/test/gen/fixed_spec.js` after a build.
 * exp and 1 / (1 + x) have no vectors in the file: theirs are from the reference arithmetic.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import { expOnNegative, oneOverOnePlus } from "../../host/ops/fixed_point.ts";
import { root } from "../../host/root.ts";

export const target = join(root, "test", "assembly", "fixed_vectors.ts");

const WIDTH = 110;
const INT32_MAX = 2147483647;
const RANDOM = 100;

interface Vectors {
  readonly saturatingRoundingDoublingHighMul: readonly (readonly number[])[];
  readonly roundingDivideByPOT: readonly (readonly number[])[];
  readonly multiplyByQuantizedMultiplier: readonly (readonly number[])[];
}

function constant(name: string, comment: string, rows: readonly (readonly number[])[]): string {
  const lines: string[] = [];
  for (const item of rows.flat().map((value) => `${value},`)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + item.length < WIDTH) lines[lines.length - 1] = `${line} ${item}`;
    else lines.push(`  ${item}`);
  }
  return `/** ${comment} */\nexport const ${name}: StaticArray<i32> = [\n${lines.join("\n")}\n];\n`;
}

/** `count` numbers in 0..2^31 - 1 with evenly distributed bit lengths. */
function nonNegative(seed: number, count: number): number[] {
  const bytes = Buffer.from(lcgBytes(seed, count * 4).bytes);
  return Array.from({ length: count }, (_, i) => (bytes.readUInt32LE(i * 4) >>> 1) >>> (i % 31));
}

/** Powers of two and their neighbours, the ends of the range, and random numbers. */
const spread = (seed: number): number[] => {
  const powers = Array.from({ length: 31 }, (_, k) => 2 ** k);
  const edges = [0, INT32_MAX, ...powers.flatMap((n) => [n - 1, n, n + 1])];
  return [...new Set([...edges, ...nonNegative(seed, RANDOM)])].sort((a, b) => a - b);
};

/** The text of the generated file. */
export function fixedVectors(): string {
  const vectors = JSON.parse(readFileSync(join(root, "test", "vectors", "fixed.json"), "utf8")) as Vectors;
  const exp = [...spread(1), 2 ** 31].map((n) => (n === 0 ? [0, INT32_MAX] : [-n, expOnNegative(-n, 5)]));
  const reciprocal = spread(2).map((n) => [n, oneOverOnePlus(n)]);
  return [
    "// Written by test/gen/fixed_spec.ts: change that, not this file.\n",
    constant("HIGH_MUL", "a, b, round(a * b / 2^31)", vectors.saturatingRoundingDoublingHighMul),
    constant("DIVIDE_BY_POWER_OF_TWO", "x, exponent, round(x / 2^exponent)", vectors.roundingDivideByPOT),
    constant(
      "REQUANTIZE",
      "x, multiplier, shift, x * multiplier * 2^shift / 2^31 rounded twice",
      vectors.multiplyByQuantizedMultiplier,
    ),
    constant("EXP_ON_NEGATIVE", "a in Q5.26, exp(a) in Q0.31", exp),
    constant("ONE_OVER_ONE_PLUS", "a in Q0.31, 1 / (1 + a) in Q0.31", reciprocal),
  ].join("\n");
}

const isMain = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isMain) writeFileSync(target, fixedVectors());
