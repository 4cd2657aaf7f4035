/** The lists of mutants fit the sources of today; `npm run test:mutants` runs them. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../host/root.ts";
import { mutate, readMutants } from "./list.ts";

const mutants = readMutants();

test("there are at least 40, each with a name of its own", () => {
  assert.ok(mutants.length >= 40);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});

test("every mutant changes its source at one place, and names tests that are there", () => {
  for (const mutant of mutants) {
    const source = readFileSync(join(root, mutant.file), "utf8");
    assert.notEqual(mutate(source, mutant), source, mutant.name);
    assert.ok(mutant.tests.length > 0, mutant.name);
    for (const name of mutant.tests) assert.ok(existsSync(join(root, name)), `${mutant.name}: ${name}`);
  }
});

test("one that no longer fits is told", () => {
  const mutant = { name: "m", file: "f.c", from: "a < b", to: "a > b", tests: ["t"] };
  assert.equal(mutate("if (a < b)", mutant), "if (a > b)");
  assert.throws(
    () => mutate("a < b, a < b", mutant),
    /^RangeError: m: expected "a < b" once in f.c, found 2 times$/,
  );
});
