/**
 * The tree of tests is that of the sources: tests of `host/X/Y.ts` lie at `test/X/Y.test.ts`, those of `firmware/X/Z.c` at
 * `test/firmware/X/Z.test.ts`. A name may go on after the source's, as in `Y_hostile.test.ts`, and a folder's own name stands
 * for all of the folder.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { describe, test } from "node:test";
import { root } from "../host/root.ts";

/** Tests of the whole system and of the repository, each with the reason why it mirrors no source. */
const WHOLE: Readonly<Record<string, string>> = {
  "test/bench/": "figures of modules and of the firmware against the committed CSV",
  "test/cases/": "one table of cases, run by every executor: reference, V8, wasm3, the device's core",
  "test/firmware/powerfail/":
    "journal, slots, update and reboot together, with power cut at every operation on flash",
  "test/fuzz/": "damaged files through importers, compiler, command line and firmware",
  "test/mutants/": "the lists of mutants, which are about the tests",
  "test/package/": "the packed package in an empty project",
  "test/zoo/": "whole models and pipelines against the library that trained them",
  "test/broken.slow.test.ts": "a fault in each part makes its command fail",
  "test/floors.test.ts": "a rule for the imports of all of host/",
  "test/style.test.ts": "rules for the text of all files",
  "test/limits.test.ts": "a rule for the length of all files and functions",
  "test/tree.test.ts": "this rule",
};

const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true })
    .map((path) => `${folder}/${String(path).split(sep).join("/")}`)
    .filter((path) => !path.includes("/corpus/"));

const sources = [...files("host"), ...files("firmware"), ...files("assembly"), ...files("test")];

/** Names of sources and folders without their endings, by folder; documents in lower case. */
function namesByFolder(paths: readonly string[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const path of paths.filter((path) => !/\.(?:test|spec)\.ts$/.test(path))) {
    const name = basename(path).replace(/\.(?:ts|mjs|c|h|md)$/, "");
    const known = names.get(dirname(path)) ?? new Set();
    names.set(dirname(path), known.add(path.endsWith(".md") ? name.toLowerCase() : name));
  }
  return names;
}

const sourceNames = namesByFolder(sources);

/** Folders whose sources the tests of a folder are of: test/firmware/ is of the host's builds and of the C code. */
function mirrored(folder: string): string[] {
  const below = folder.replace(/^test\/?/, "");
  // Beside the tests lie the programs that serve them, such as test/run.mjs, which are sources too.
  if (below === "") return ["host", "firmware", "assembly", "test", ""];
  return [`host/${below}`, below, folder].filter((path) => sourceNames.has(path));
}

const nameOf = (file: string): string => basename(file).replace(/(?:\.slow)?\.test\.ts$/, "");

const isNamedAfter = (name: string, source: string): boolean =>
  name === source || name.startsWith(`${source}_`);

/** Why a test does not lie where its source is, or nothing. */
export function faultOf(file: string): string | undefined {
  if (Object.keys(WHOLE).some((place) => file === place || (place.endsWith("/") && file.startsWith(place))))
    return undefined;
  const folders = mirrored(dirname(file));
  const isProper = folders.some((folder) => folder !== dirname(file));
  if (!isProper)
    return `${file}: expected a folder of host/, firmware/ or assembly/, found none like ${dirname(file)}`;
  const names = folders.flatMap((folder) => [...(sourceNames.get(folder) ?? []), basename(folder)]);
  if (names.some((source) => source !== "" && isNamedAfter(nameOf(file), source))) return undefined;
  return `${file}: expected the name of a source in ${folders[0]}, found ${nameOf(file)}`;
}

const tests = files("test").filter((path) => path.endsWith(".test.ts"));
const specs = files("test/assembly").filter((path) => path.endsWith(".spec.ts"));

describe("the tree of tests", () => {
  test("every test lies where its source does, or is of the whole system", () => {
    assert.ok(tests.length > 100, `expected the tests, found ${tests.length}`);
    assert.deepEqual(
      tests.flatMap((file) => faultOf(file) ?? []),
      [],
    );
  });

  test("every spec is of a kernel or of what kernels share", () => {
    const known = [...sourceNames.get("assembly/kernels")!, ...sourceNames.get("assembly")!];
    const unknown = specs.filter((file) => !known.includes(basename(file, ".spec.ts")));
    assert.deepEqual(unknown, []);
  });

  test("what is listed as of the whole system is there", () => {
    assert.deepEqual(
      Object.keys(WHOLE).filter((place) => !existsSync(join(root, place))),
      [],
    );
  });

  test("no two helpers of tests have one name that says nothing", () => {
    const vague = files("test").filter((path) =>
      /\/(?:scene|helpers?|utils?|common|misc)\.(?:ts|mjs)$/.test(path),
    );
    assert.deepEqual(vague, []);
  });

  test("a test that strays is told", () => {
    assert.match(faultOf("test/kernels/properties.test.ts")!, /expected a folder of host/);
    assert.match(faultOf("test/ir/spec.test.ts")!, /expected the name of a source in host\/ir, found spec$/);
    assert.match(
      faultOf("test/firmware/core/geometry.test.ts")!,
      /expected the name of a source in firmware\/core/,
    );
    assert.equal(faultOf("test/firmware/core/journal_torn.slow.test.ts"), undefined);
  });
});
