/** The public headers, for programs in C99 and in C++17. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { findProgram, runProcess } from "../../../host/firmware/toolchain.ts";
import { generateKey, keyHeader } from "../../../host/image/keys.ts";
import { root } from "../../../host/root.ts";
import { scratchFolder } from "../../support/folders.ts";

const scratch = scratchFolder();
const firmware = join(root, "firmware");
const includes = [join(firmware, "include"), join(firmware, "port", "crypto"), scratch];
const headers = includes.slice(0, 2).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".h"))
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") })),
);

/** Names of the functions that a header declares. */
const declared = (text: string): string[] =>
  [...text.replace(/\/\*[\s\S]*?\*\/|^#.*$/gm, "").matchAll(/\b(thimble_\w+)\(/g)].map(([, name]) => name!);

const strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow", "-Wundef"];

type Target = { readonly name: string; readonly prefix: string; readonly flags: readonly string[] };
const rv32 = ["-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"];
const targets: readonly (Target & { readonly packages: string })[] = [
  { name: "this machine", prefix: "", flags: [], packages: "gcc g++" },
  { name: "rv32imac", prefix: "riscv64-unknown-elf-", flags: rv32, packages: "gcc-riscv64-unknown-elf" },
  {
    name: "Cortex-M4",
    prefix: "arm-none-eabi-",
    flags: ["-mcpu=cortex-m4", "-mthumb", "--specs=picolibc.specs"],
    packages: "gcc-arm-none-eabi picolibc-arm-none-eabi",
  },
];

async function compile(target: Target, language: "c" | "c++", source: string, output: string): Promise<void> {
  const file = join(scratch, output.replace(/o$/, language === "c" ? "c" : "cpp"));
  writeFileSync(file, source);
  const standard = language === "c" ? ["gcc", "-std=c99"] : ["g++", "-std=c++17", "-Wold-style-cast"];
  const [program, ...flags] = [`${target.prefix}${standard[0]}`, standard[1]!, ...standard.slice(2)];
  const paths = includes.map((path) => `-I${path}`);
  const args = [...target.flags, ...flags, ...strict, ...paths, "-c", file, "-o", join(scratch, output)];
  const { status, stderr } = await runProcess([program!, ...args]);
  assert.equal(status, 0, `${target.name}, ${program}: ${stderr}`);
}

/** Uses what a header declares by its address: an object that needs each of its functions. */
const usesAll = (name: string, functions: readonly string[]): string =>
  [
    `#include "${name}"`,
    `#include "${name}"`,
    "using function = void (*)();",
    `extern const function all[]; const function all[] = {`,
    ...functions.map((each) => `  reinterpret_cast<function>(&${each}),`),
    "  nullptr};",
    "",
  ].join("\n");

describe("public headers", () => {
  before(() => writeFileSync(join(scratch, "keys.h"), keyHeader([generateKey(), generateKey()])));

  for (const target of targets) {
    const compilers = ["gcc", "g++"].map((name) => `${target.prefix}${name}`);
    const absent = compilers.find((name) => findProgram(name) === undefined);
    const skip = absent === undefined ? false : `${absent} is missing: apt-get install ${target.packages}`;

    test(`each alone, and all together, compile as C99 and C++17 for ${target.name}`, { skip }, async () => {
      const names = [...headers.map(({ name }) => name), "keys.h"];
      for (const language of ["c", "c++"] as const) {
        for (const name of names) {
          const use =
            name === "thimble_licenses.h"
              ? "const char *use(void);\nconst char *use(void) { return thimble_licenses; }\n"
              : "";
          const keys =
            name === "keys.h" ? "int use(void);\nint use(void) { return thimble_keys[0][0]; }\n" : "";
          await compile(
            target,
            language,
            `#include "${name}"\n${use}${keys}extern int it;\nint it = 1;\n`,
            "alone.o",
          );
        }
        const all = names.filter((name) => !/licenses|keys/.test(name)).map((name) => `#include "${name}"\n`);
        await compile(target, language, `${all.join("")}extern int it;\nint it = 1;\n`, "all.o");
      }
    });
  }

  const gcc = findProgram("gcc") === undefined ? "gcc is missing: apt-get install gcc" : false;
  test("the five lines of the README are C", { skip: gcc }, async () => {
    const [, lines] = /```c\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))!;
    assert.equal(lines!.trim().split("\n").length, 5);
    const head =
      '#include <stdio.h>\n#include "thimble_values.h"\nvoid use(thimble_model *model, float *values);\n';
    const opening =
      "void use(thimble_model *model, float *values) {\nuint32_t place, number;\nfloat score;\n";
    await compile(targets[0]!, "c", `${head}${opening}${lines}}\n`, "readme.o");
  });

  const nm = findProgram("nm") !== undefined && findProgram("g++") !== undefined;
  test("C++ asks the linker for C's names", {
    skip: nm ? false : "g++ is missing: apt-get install g++",
  }, async () => {
    let count = 0;
    for (const { name, text } of headers) {
      const functions = [...new Set(declared(text))].sort();
      await compile(targets[0]!, "c++", usesAll(name, functions), "names.o");
      const { stdout } = await runProcess(["nm", "-u", join(scratch, "names.o")]);
      const wanted = stdout
        .toString("utf8")
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\s*U /, ""));
      assert.deepEqual(wanted.filter((each) => each !== "").sort(), functions, name);
      count += functions.length;
    }
    assert.ok(count > 30, `expected the functions of all headers, found ${count}`);
  });
});
