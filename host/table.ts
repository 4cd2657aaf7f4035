/** Small text tables and numbers for people, as `inspect`, size reports and benchmarks print them. */

import { plain } from "./plain.ts";

type Align = "l" | "r";
type Cell = string | number;

/** Cells that a terminal shows two columns wide: CJK, full-width forms and emoji. */
const WIDE = new RegExp(
  "^(?![\\uFF61-\\uFFDC])[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}" +
    "\\u3000-\\u303E\\uFF01-\\uFF60\\uFFE0-\\uFFE6\\p{Emoji_Presentation}]|\\uFE0F",
  "u",
);
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns of a terminal that the text takes. */
function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** 40000 as "40 000"; digits after a point are left as they are. */
export const integer = (n: number): string =>
  `${n}`.replace(/^-?\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, " "));

/** 32256 as "32 256 B (31.5 KiB)": exact, since limits are, and rounded, since people read it. */
export function bytes(n: number): string {
  const exact = `${integer(n)} B`;
  if (n < 1024) return exact;
  const [unit, name] = n < 1024 ** 2 ? [1024, "KiB"] : [1024 ** 2, "MiB"];
  return `${exact} (${(n / unit).toFixed(1)} ${name})`;
}

const toText = (cell: Cell): string => (typeof cell === "number" ? integer(cell) : plain(cell));

/**
 * Lines of aligned columns, two spaces between them, no line break at the end. Columns of numbers alone are
 * aligned right and others left, where `align` does not say. Missing cells are blank.
 */
export function table(
  rows: readonly (readonly Cell[])[],
  options: { readonly head?: readonly string[]; readonly align?: readonly Align[] } = {},
): string {
  const texts = [...(options.head ? [options.head] : []), ...rows].map((row) => row.map(toText));
  const columns = Math.max(0, ...texts.map((row) => row.length));
  const indices = Array.from({ length: columns }, (_, i) => i);
  const widths = indices.map((i) => Math.max(...texts.map((row) => displayWidth(row[i] ?? ""))));
  const numeric = (i: number): boolean => rows.every((row) => typeof (row[i] ?? 0) === "number");
  const aligns = indices.map((i) => options.align?.[i] ?? (numeric(i) ? "r" : "l"));

  const line = (row: readonly string[]): string =>
    indices
      .map((i) => {
        const text = row[i] ?? "";
        const space = " ".repeat(widths[i]! - displayWidth(text));
        return aligns[i] === "r" ? space + text : text + space;
      })
      .join("  ")
      .trimEnd();
  return texts.map(line).join("\n");
}
