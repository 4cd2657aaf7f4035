/** firmware/SECURITY.md names files and tests: they have to be there. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../host/root.ts";

const page = readFileSync(join(root, "firmware", "SECURITY.md"), "utf8");

/** Rows of the tables of invariants: number, invariant, files that uphold it, tests that assert it. */
const rows = page
  .split("\n")
  .filter((line) => /^\| [IS]\d+ \|/.test(line))
  .map((line) => line.slice(2, -2).split(" | "));

const isPath = (text: string): boolean => /^[\w-]+(\/[\w.-]+)+$/.test(text);

/** Files in backquotes, each with the quoted texts behind it up to the next file. */
function citations(cell: string): { file: string; quotes: string[] }[] {
  const parts = cell.split(/`([^`]+)`/).slice(1);
  return parts.flatMap((file, i) => {
    if (i % 2 === 1 || !isPath(file)) return [];
    return [{ file, quotes: [...parts[i + 1]!.matchAll(/"([^"]+)"/g)].map(([, quote]) => quote!) }];
  });
}

test("invariants are numbered one after the other", () => {
  for (const letter of ["I", "S"]) {
    const numbers = rows.map(([number]) => number!).filter((number) => number.startsWith(letter));
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => `${letter}${i + 1}`),
    );
    assert.ok(numbers.length > 10);
  }
  for (const row of rows) assert.equal(row.length, 4, row[0]);
});

test("every file and every test that is named is there", () => {
  for (const [number, , upheld, asserted] of rows) {
    const cited = citations(`${upheld} ${asserted}`);
    assert.ok(citations(upheld!).length > 0, `${number}: upheld by no file`);
    assert.ok(
      citations(asserted!).some(({ file }) => file.startsWith("test/") && file.endsWith(".test.ts")),
      `${number}: asserted by no test`,
    );
    for (const { file, quotes } of cited) {
      assert.ok(existsSync(join(root, file)), `${number}: ${file} is not there`);
      const text = readFileSync(join(root, file), "utf8");
      for (const quote of quotes) assert.ok(text.includes(quote), `${number}: ${file} has no "${quote}"`);
    }
  }
});

test("every harness of a fuzzer is named", () => {
  const harnesses = readdirSync(join(root, "firmware", "fuzz")).filter((name) => name.endsWith("_fuzz.c"));
  assert.ok(harnesses.length > 0);
  for (const name of harnesses) assert.ok(page.includes(`firmware/fuzz/${name}`), name);
});
