/** C sources of others: host/sources.mjs takes them by hash, and their licences go where they go. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { findCompiler, runProcess } from "../host/firmware/wasm3_build.ts";
import { root } from "../host/root.ts";
import { scratchFolder, snapshot } from "./support/folders.ts";

interface Entry {
  readonly package: string;
  readonly folder: string;
  readonly files: Readonly<Record<string, string>>;
}
interface Sources {
  hasSources(): boolean;
  takeSources(packages?: string): string[];
}

const list = Object.entries(
  JSON.parse(readFileSync(join(root, "firmware", "sources.json"), "utf8")) as Record<string, Entry>,
);
const { hasSources, takeSources } = (await import(
  pathToFileURL(join(root, "host", "sources.mjs")).href
)) as Sources;
const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
const licenseOf = (name: string): string =>
  readFileSync(join(root, "firmware", "licenses", `${name}.txt`), "utf8");

describe("sources of others", () => {
  for (const [name, entry] of list)
    test(`${name}: dist/sources holds the files of the list, each with its hash, and the licence`, () => {
      const folder = join(root, "dist", "sources", name);
      const expected = { ...entry.files, LICENSE: sha256(join(root, "firmware", "licenses", `${name}.txt`)) };
      const found = Object.fromEntries(readdirSync(folder).map((file) => [file, sha256(join(folder, file))]));
      assert.deepEqual(found, expected);
      assert.ok(hasSources());
    });

  test("a file that was changed, and one that is gone, are named, and nothing is taken", () => {
    const packages = scratchFolder();
    for (const [, entry] of list)
      cpSync(join(root, "node_modules", entry.package), join(packages, entry.package), { recursive: true });
    const [[, first], [, second]] = list as [[string, Entry], [string, Entry]];
    const [[changed, hash]] = Object.entries(first.files) as [[string, string]];
    const [[gone]] = Object.entries(second.files) as [[string, string]];
    const path = join(packages, first.package, first.folder, changed);
    writeFileSync(path, `${readFileSync(path, "utf8")} `);
    rmSync(join(packages, second.package, second.folder, gone));
    const before = snapshot(join(root, "dist", "sources"));
    assert.deepEqual(takeSources(packages), [
      `${first.package}/${first.folder}/${changed}: expected SHA-256 ${hash}, found ${sha256(path)}`,
      `${second.package}/${second.folder}/${gone}: expected SHA-256 ${second.files[gone]}, found no such file`,
    ]);
    assert.deepEqual(snapshot(join(root, "dist", "sources")), before);
  });
});

const compiler = await findCompiler();

test("thimble_licenses.h holds every licence", { skip: compiler ? false : "no C compiler" }, async () => {
  const folder = join(scratchFolder(), "licenses");
  mkdirSync(folder);
  const [source, program] = [join(folder, "main.c"), join(folder, "main")];
  writeFileSync(
    source,
    `#include <stdio.h>\n#include "thimble_licenses.h"\nint main(void) { fputs(thimble_licenses, stdout); }\n`,
  );
  const flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", `-I${join(root, "firmware", "include")}`];
  const built = await runProcess([...compiler!.command, ...flags, source, "-o", program]);
  assert.equal(built.status, 0, built.stderr.toString());
  const { stdout } = await runProcess([program]);
  assert.equal(stdout.toString("utf8"), list.map(([name]) => licenseOf(name)).join("\n"));
});
