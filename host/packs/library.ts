/**
 * The firmware as one folder `src` that any build system can compile without knowing anything about it: public
 * headers at its top, everything else below, each file including what lies beside it. wasm3's flags are in a header
 * that its files include first, since not every build system has flags for the files of one library.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { coreSources, cryptoSources, wasm3Flags } from "../firmware/posix_build.ts";
import { hasOperations } from "../firmware/wasm3_build.ts";
import { root } from "../root.ts";

/** Contents by path, with slashes. */
export type Files = ReadonlyMap<string, Uint8Array | string>;

const firmware = join(root, "firmware");
const sources = join(root, "dist", "sources");

/** Where everything but the public headers lies. */
export const INTERNAL = "src/internal";
const CONFIG = "thimble_wasm3_config.h";

const unlessDefined = (macro: string, text: string): string => `#ifndef ${macro}\n${text}\n#endif`;

function define(flag: string): string {
  const [, name, value] = /^-D(\w+)(?:=(.*))?$/.exec(flag)!;
  return unlessDefined(name!, `#define ${name} ${value ?? "1"}`);
}

/** The flags of firmware/core/wasm3.flags as a header. Throws RangeError for a flag that a header can't hold. */
export function configHeader(flags: readonly string[]): string {
  const optimisations = flags.filter((flag) => flag.startsWith("-f")).map((flag) => `"${flag.slice(2)}"`);
  const defines = flags.filter((flag) => flag.startsWith("-D")).map(define);
  if (optimisations.length + defines.length !== flags.length)
    throw new RangeError(`wasm3.flags: expected -f and -D alone, found ${flags.join(" ")}`);
  return `/* Made by thimble of firmware/core/wasm3.flags, which says why: the first include of wasm3's files. */
#ifndef THIMBLE_WASM3_CONFIG_H
#define THIMBLE_WASM3_CONFIG_H

${defines.join("\n")}

/* Before the pragma: for GCC at -O0 it brings the calls, but not what the check of them looks at. */
#if defined(THIMBLE_WASM3_OPERATIONS) && (defined(__OPTIMIZE__) || defined(__clang__))
#define THIMBLE_CHECK_SIBLING_CALLS
#endif

#if defined(__GNUC__) && !defined(__clang__)
/* wasm3's operations must call each other in the caller's place, whatever the project is compiled with. */
#ifdef THIMBLE_WASM3_OPERATIONS
#pragma GCC optimize("O3", ${optimisations.join(", ")})
#else
#pragma GCC optimize(${optimisations.join(", ")}, "optimize-sibling-calls")
#endif
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

#ifdef THIMBLE_CHECK_SIBLING_CALLS
#include "sibling_calls.h"
#endif

#endif
`;
}

const includesWasm3 = (text: string): boolean => /#include "(m3_\w+|wasm3|model)\.h"/.test(text);

/** A C file of wasm3, or one that uses its structures: the flags decide their layout. */
function withConfig(path: string): string {
  const text = readFileSync(path, "utf8");
  const first = hasOperations(path) ? "#define THIMBLE_WASM3_OPERATIONS\n" : "";
  return `${first}#include "${CONFIG}"\n${text}`;
}

const list = (folder: string, pattern: RegExp): string[] =>
  readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name));

/** Public headers: at the top, where programs look for them. */
export const publicHeaders = (): string[] => [
  ...list(join(firmware, "include"), /\.h$/),
  join(firmware, "port", "simple", "thimble_simple.h"),
];

function internals(): readonly (readonly [string, string])[] {
  const core = join(firmware, "core");
  const flat = [
    ...coreSources().filter((path) => !path.includes("/kernels/")),
    ...list(core, /\.h$/),
    ...cryptoSources(),
    ...list(join(firmware, "port", "crypto"), /\.h$/),
    ...list(join(sources, "ed25519"), /\.[ch]$/),
    ...list(join(sources, "wasm3"), /\.[ch]$/),
    join(firmware, "port", "simple", "thimble_simple.c"),
  ];
  const kernels = list(join(core, "kernels"), /\.[ch]$/);
  return [
    ...flat.map((path) => [`${INTERNAL}/${basename(path)}`, path] as const),
    ...kernels.map((path) => [`${INTERNAL}/kernels/${basename(path)}`, path] as const),
  ];
}

/** All of `src`, and the licences. Throws RangeError where two files would have one name. */
export function libraryFiles(): Files {
  const files = new Map<string, Uint8Array | string>();
  const add = (path: string, content: Uint8Array | string): void => {
    if (files.has(path)) throw new RangeError(`${path}: expected one file of that name, found two`);
    files.set(path, content);
  };
  for (const path of publicHeaders()) add(`src/${basename(path)}`, readFileSync(path));
  for (const [path, from] of internals()) {
    const isC = from.endsWith(".c") && includesWasm3(readFileSync(from, "utf8"));
    add(path, isC ? withConfig(from) : readFileSync(from));
  }
  add(`${INTERNAL}/${CONFIG}`, configHeader(wasm3Flags()));
  add("LICENSE", readFileSync(join(root, "LICENSE")));
  for (const path of list(join(firmware, "licenses"), /\.txt$/))
    add(`licenses/${basename(path)}`, readFileSync(path));
  return files;
}
