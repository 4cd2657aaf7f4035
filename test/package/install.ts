/** The package as people get it: packed, installed into an empty project, and used there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { root } from "../../host/root.ts";
import { modelPath } from "../support/models.ts";

const MINUTES = 60_000;

export interface Result {
  readonly status: number | null;
  readonly output: string;
}

export function run(cwd: string, command: readonly string[]): Result {
  // Set by the npm that runs these tests; what is tested is a project of its own.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_TEST/i.test(name)),
  );
  const { status, stdout, stderr, error } = spawnSync(command[0]!, command.slice(1), {
    cwd,
    env,
    encoding: "utf8",
    timeout: 10 * MINUTES,
  });
  if (error) throw error;
  return { status, output: `${stdout}${stderr}` };
}

function succeed(cwd: string, command: readonly string[]): string {
  const { status, output } = run(cwd, command);
  assert.equal(status, 0, `${command.join(" ")}: ${output}`);
  return output;
}

/** What stands beside the sources: generated, or of no use to a copy. */
const LEFT_OUT = new Set([".git", "node_modules", "build"]);

/** The .tgz of this checkout, in `folder`. It is made in a copy, since `prepack` begins by removing dist. */
export function pack(folder: string, { scripts = false } = {}): string {
  const copy = join(folder, "checkout");
  mkdirSync(copy);
  for (const name of readdirSync(root).filter((name) => !LEFT_OUT.has(name)))
    cpSync(join(root, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "dir");
  succeed(copy, ["npm", "pack", "--pack-destination", folder, ...(scripts ? [] : ["--ignore-scripts"])]);
  const file = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  assert.ok(file !== undefined);
  return join(folder, file);
}

/** A new project in which the package is the only dependency. `npm` is the command to install with. */
export function install(
  folder: string,
  file: string,
  options: readonly string[] = [],
  npm = ["npm"],
): string {
  const project = join(folder, `project-${readdirSync(folder).length}`);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), `{ "private": true }\n`);
  succeed(project, [...npm, "install", "--no-audit", "--no-fund", ...options, file]);
  return project;
}

export const thimbleIn = (project: string, ...args: string[]): Result =>
  run(project, [join(project, "node_modules", ".bin", "thimble"), ...args]);

/** Builds a model, imports all entries, loads what it built, and finds the sources of firmware with their licences. */
export function checkUse(project: string): void {
  const built = thimbleIn(project, "build", modelPath("wine_dense.onnx"), "--json");
  assert.equal(built.status, 0, built.output);
  assert.match(built.output, /"engine": "wasm3"/);
  assert.deepEqual(readdirSync(join(project, "build", "wine_dense")).sort(), [
    "model.graph.json",
    "model.ts",
    "model.wasm",
    "report.json",
  ]);
  const script = `
    const { build } = await import("thimble");
    const { availability, Device, Fleet } = await import("thimble/simulator");
    // As on a machine without a compiler.
    process.env.PATH = "";
    console.log((await availability()).version);
    const { load } = await import("thimble/runtime");
    const { inputLength } = await load("build/wine_dense/model.wasm");
    console.log(typeof build, Object.keys(Device).length > 0, Object.keys(Fleet).length > 0, inputLength);`;
  const types = succeed(project, [process.execPath, "--input-type=module", "--eval", script]);
  assert.match(types, /^.*clang version .*, elsewhere\nfunction true true 13\n$/);

  const installed = join(project, "node_modules", "thimble");
  const list = JSON.parse(readFileSync(join(installed, "firmware", "sources.json"), "utf8")) as object;
  for (const name of Object.keys(list)) {
    const licence = readFileSync(join(installed, "dist", "sources", name, "LICENSE"), "utf8");
    assert.equal(licence, readFileSync(join(root, "firmware", "licenses", `${name}.txt`), "utf8"));
    assert.ok(!existsSync(join(project, "node_modules", `${name}-source`)));
  }
}

/** Bytes of all files of an installation. */
export function installedBytes(project: string): number {
  const folder = join(project, "node_modules");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => lstatSync(join(folder, path)))
    .reduce((sum, info) => sum + (info.isFile() ? info.size : 0), 0);
}
