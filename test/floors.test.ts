/** Rooms of host/ stand on floors: a file imports from its own room and from floors below, never from above. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { describe, test } from "node:test";
import { root } from "../host/root.ts";

/** Each line is one floor, from the ground up. Rooms of one floor do not import each other. */
const FLOORS: readonly (readonly string[])[] = [
  ["host/plain.ts", "host/budgets.ts", "host/file_kind.ts", "host/file_lock.ts"],
  ["host/root.ts", "host/table.ts", "host/sources.mjs", "host/ir"],
  ["host/ops", "host/setup.mjs"],
  ["host/module"],
  ["host/image"],
  ["host/firmware"],
  ["host/runtime/model", "host/fleet/telemetry"],
  ["host/runtime/data", "host/runtime/engines"],
  ["host/compiler/import", "host/compiler/quantize", "host/compiler/plan"],
  ["host/compiler/passes", "host/compiler/verify", "host/compiler/compress"],
  ["host/compiler/tune"],
  ["host/compiler/emit", "host/compiler/compile", "host/compiler/evaluate"],
  ["host/pipeline.ts"],
  ["host/report"],
  ["host/fleet/server"],
  ["host/fleet/simulator", "host/predict", "host/page"],
  ["host/cli"],
  ["host/demo", "host/packs", "host/index.ts", "host/thimble.mjs"],
];

const roomNames = FLOORS.flat();

interface Import {
  readonly from: string;
  readonly to: string;
}

const roomOf = (file: string): string | undefined =>
  roomNames.find((room) => file === room || file.startsWith(`${room}/`));

const floorOf = (room: string): number => FLOORS.findIndex((floor) => floor.includes(room));

const SPECIFIER = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

/** Relative imports of a source, types included: whoever reads a file has to know what its types mean. */
export function importsOf(file: string, source: string): Import[] {
  return [...source.matchAll(SPECIFIER)].map(([, specifier]) => {
    const to = posix.normalize(posix.join(posix.dirname(file), specifier!));
    // thimble.mjs starts what was compiled.
    return { from: file, to: to.replace(/^dist\//, "").replace(/\.js$/, ".ts") };
  });
}

/** One line for each import that goes up or aside. */
export function faults(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to }) => {
    const [above, below] = [roomOf(from), roomOf(to)];
    if (above === undefined) return [`${from}: expected a room of FLOORS, found none`];
    if (below === undefined) return [`${from}: imports ${to}, which is in no room of FLOORS`];
    if (above === below || floorOf(below) < floorOf(above)) return [];
    return [`${from}: imports ${to}, and ${below} does not stand below ${above}`];
  });
}

function sources(): string[] {
  return readdirSync(join(root, "host"), { recursive: true })
    .map((path) => `host/${String(path).split(sep).join("/")}`)
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .sort();
}

describe("rooms and floors", () => {
  const imports = sources().flatMap((file) => importsOf(file, readFileSync(join(root, file), "utf8")));

  test("no file imports from a floor above its own", () => {
    assert.ok(imports.length > 1000, `expected the imports of host/, found ${imports.length}`);
    assert.deepEqual(faults(imports), []);
  });

  test("every room of the table is there", () => {
    const files = sources();
    assert.deepEqual(
      roomNames.filter((room) => !files.some((file) => file === room || dirname(file).startsWith(room))),
      [],
    );
  });

  test("an import that goes up is told, also of a type and at run time", () => {
    const upward = importsOf(
      "host/ir/graph.ts",
      'import type { A } from "../ops/index.ts";\nconst b = await import("../cli/main.ts");\n',
    );
    assert.deepEqual(faults(upward), [
      "host/ir/graph.ts: imports host/ops/index.ts, and host/ops does not stand below host/ir",
      "host/ir/graph.ts: imports host/cli/main.ts, and host/cli does not stand below host/ir",
    ]);
  });

  test("rooms of one floor keep apart", () => {
    const aside = importsOf("host/runtime/data/csv.ts", 'import { v8 } from "../engines/v8.ts";\n');
    assert.match(faults(aside).join(), /host\/runtime\/engines does not stand below host\/runtime\/data/);
  });
});
