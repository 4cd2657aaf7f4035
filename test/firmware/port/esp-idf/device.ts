/** The port for ESP-IDF as it is packed, compiled against declarations and stand-ins (firmware/port/esp-idf/check). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildOnce, forEachOfTwo, runProcess } from "../../../../host/firmware/toolchain.ts";
import { findCompiler } from "../../../../host/firmware/wasm3_build.ts";
import { keyHeader } from "../../../../host/image/keys.ts";
import { writeFolder } from "../../../../host/packs/main.ts";
import { packFiles } from "../../../../host/packs/packs.ts";
import { root } from "../../../../host/root.ts";
import { key } from "../../../support/signed_images.ts";

export const compiler = await findCompiler();
export const skip = compiler ? false : "a C compiler is missing: apt-get install gcc libc6-dev";
const check = join(root, "firmware", "port", "esp-idf", "check");

/** ESP-IDF's own flags for components, and some more. */
export const STRICT = ["-std=gnu17", "-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Werror"];
const SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"];
/** Frames are larger there; sdkconfig.h has no such line, so that it is not said twice. */
const STACK = ["-DTHIMBLE_NATIVE_STACK_BYTES=1048576"];

/** The component in a folder, with the tests' key for its example. */
export async function packInto(folder: string): Promise<string> {
  const component = join(folder, "thimble");
  writeFolder(component, await packFiles("espressif"));
  writeFileSync(join(component, "examples", "sensor", "main", "keys.h"), keyHeader([key]));
  return component;
}

/** Folders that the component's files and its users' include from, of ESP-IDF's version 5 or 6. */
export const includesOf = (component: string, version: 5 | 6): string[] =>
  [
    ...["include", "src", "src/internal"].map((name) => join(component, name)),
    join(check, "include"),
    join(check, `v${version}`),
  ].map((path) => `-I${path}`);

export const sourcesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => join(folder, name));

const STAND_IN = ["main.c", "flash.c", "tasks.c", "system.c", "http.c"].map((name) =>
  join(check, "stand_in", name),
);

interface Step {
  readonly source: string;
  readonly args: readonly string[];
}

function plan(component: string): Step[] {
  const includes = includesOf(component, 6);
  const ours = [...STRICT, ...SANITIZE, ...STACK, ...includes, "-O1"];
  const library = sourcesIn(join(component, "src")).map((source) => {
    const isOthers = /^(?:m3_.*|ge|fe|sha512)\.c$/.test(basename(source));
    // fe.c shifts negative numbers to the left, as every compiler in use allows.
    const flags = isOthers
      ? ["-w", "-g", "-fsanitize=address"]
      : ["-Wall", "-Wextra", "-Werror", ...SANITIZE];
    return { source, args: ["-std=gnu17", ...flags, ...STACK, ...includes, "-O1"] };
  });
  const server = ["-include", "stdlib.h", '-DCONFIG_SENSOR_SERVER=getenv("SERVER")'];
  const rest = [
    ...sourcesIn(join(component, "esp")),
    ...sourcesIn(join(component, "examples", "sensor", "main")),
    ...STAND_IN,
  ];
  return [...library, ...rest.map((source) => ({ source, args: [...ours, ...server] }))];
}

async function run(command: readonly string[]): Promise<void> {
  const { status, stderr } = await runProcess(command);
  assert.equal(status, 0, stderr);
}

async function link(folder: string, steps: readonly Step[]): Promise<void> {
  const jobs = steps.map((step, i) => ({ ...step, object: join(folder, `${i}.o`) }));
  await forEachOfTwo(jobs, ({ source, args, object }) =>
    run([...compiler!.command, ...args, "-c", source, "-o", object]),
  );
  const objects = jobs.map(({ object }) => object);
  await run([...compiler!.command, ...SANITIZE, ...objects, "-lpthread", "-o", join(folder, "device")]);
}

/** Path of the program `device`: the sensor example, its stand-ins, and sanitizers. Built once per content. */
export async function buildDevice(): Promise<string> {
  const files = await packFiles("espressif");
  const hash = createHash("sha256").update(
    JSON.stringify([compiler, STRICT, SANITIZE, STACK, keyHeader([key])]),
  );
  for (const [path, content] of files) hash.update(`${path}\0`).update(content);
  for (const path of readdirSync(check, { recursive: true, encoding: "utf8" }).sort())
    if (/\.[ch]$/.test(path)) hash.update(`${path}\0`).update(readFileSync(join(check, path)));
  const target = join(root, "build", "esp-idf", hash.digest("hex").slice(0, 16));
  await buildOnce(target, "device", async (fresh) => {
    const sources = join(fresh, "sources");
    mkdirSync(sources);
    await link(fresh, plan(await packInto(sources)));
  });
  return join(target, "device");
}

/** Compiles each file for a target without keeping anything. */
export async function compileAll(
  command: readonly string[],
  sources: readonly string[],
  flags: readonly string[],
): Promise<void> {
  await forEachOfTwo(sources, (source) =>
    run([...command, ...flags, `-I${dirname(source)}`, "-fsyntax-only", source]),
  );
}
