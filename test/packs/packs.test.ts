/** The packages for Arduino, PlatformIO, Zephyr and ESP-IDF: by their ecosystems' own checks, and their samples run. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { before, describe, test } from "node:test";
import { unzipSync } from "fflate";
import { parse } from "yaml";
import { findProgram, forEachOfTwo, runProcess } from "../../host/firmware/toolchain.ts";
import { configHeader, type Files } from "../../host/packs/library.ts";
import { writeFolder, zipFiles } from "../../host/packs/main.ts";
import { PACK_NAMES, type PackName, packFiles } from "../../host/packs/packs.ts";
import { root } from "../../host/root.ts";
import { scratchFolder } from "../support/folders.ts";

const scratch = scratchFolder();
const packs = new Map<PackName, Files>();
const text = (name: PackName, path: string): string => {
  const content = packs.get(name)!.get(path);
  assert.ok(content !== undefined, `${name}: ${path} is missing`);
  return Buffer.from(content).toString("utf8");
};
const folderOf = (name: PackName): string => join(scratch, name, "thimble");

before(async () => {
  for (const name of PACK_NAMES) {
    const files = await packFiles(name);
    packs.set(name, files);
    writeFolder(folderOf(name), files);
  }
});

/** A tool of Python, on the PATH or where .ci/run puts it. */
const python = (name: string): string | undefined =>
  [name, join(root, "build", "ci-python", "bin", name)].map(findProgram).find((path) => path !== undefined);

async function succeed(command: readonly string[], cwd: string): Promise<string> {
  const { status, stdout, stderr } = await runProcess(command, undefined, { cwd });
  assert.equal(status, 0, `${command.join(" ")}: ${stdout}${stderr}`);
  return stdout.toString("utf8") + stderr;
}

test("flags of wasm3 become a header, and such as can't are refused", () => {
  const header = configHeader(["-fwrapv", "-DNDEBUG", "-Dcalloc=thimble_calloc"]);
  assert.match(header, /#pragma GCC optimize\("O3", "wrapv"\)/);
  assert.match(header, /#ifdef THIMBLE_CHECK_SIBLING_CALLS\n#include "sibling_calls.h"\n#endif\n/);
  assert.match(header, /#ifndef NDEBUG\n#define NDEBUG 1\n#endif/);
  assert.match(header, /#define calloc thimble_calloc\n/);
  assert.throws(
    () => configHeader(["-O2"]),
    /^RangeError: wasm3\.flags: expected -f and -D alone, found -O2$/,
  );
});

describe("every package", () => {
  test("is the same again, as a folder below `thimble` in a .zip", () => {
    for (const [name, files] of packs) {
      const bytes = zipFiles(files);
      assert.deepEqual(zipFiles(files), bytes);
      const names = Object.keys(unzipSync(bytes));
      assert.deepEqual(names.sort(), [...files.keys()].map((path) => `thimble/${path}`).sort(), name);
      for (const path of [
        "LICENSE",
        "licenses/wasm3.txt",
        "licenses/ed25519.txt",
        "src/thimble.h",
        "README.md",
      ])
        assert.ok(files.has(path), `${name}: ${path}`);
    }
  });

  test("has no mark left, no path of this machine, and a sample of ten lines at most", () => {
    const samples: Readonly<Record<PackName, string>> = {
      arduino: "examples/Label/Label.ino",
      platformio: "examples/label/main.c",
      zephyr: "samples/label/src/main.c",
      espressif: "examples/label/main/main.c",
    };
    for (const [name, files] of packs) {
      for (const path of files.keys()) {
        const content = text(name, path);
        assert.doesNotMatch(content, /@(?:VERSION|URL)@/, `${name}: ${path}`);
        assert.ok(!content.includes(root), `${name}: ${path}`);
      }
      const lines = text(name, samples[name]).trimEnd().split("\n");
      assert.ok(lines.length <= 10, `${name}: ${lines.length} lines`);
    }
  });
});

/** Rules of Arduino's library specification (revision 2.2, format 1.5). */
test("Arduino: library.properties and folders follow the library specification", () => {
  const files = packs.get("arduino")!;
  const lines = text("arduino", "library.properties").trimEnd().split("\n");
  const properties = new Map(lines.map((line) => line.split(/=(.*)/, 2) as [string, string]));
  for (const key of [
    "name",
    "version",
    "author",
    "maintainer",
    "sentence",
    "paragraph",
    "category",
    "url",
    "architectures",
  ])
    assert.ok(properties.get(key), `${key} is required`);
  assert.match(properties.get("name")!, /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}$/);
  assert.match(properties.get("version")!, /^\d+\.\d+\.\d+$/);
  assert.match(properties.get("url")!, /^https?:\/\//);
  const categories =
    "Display,Communication,Signal Input/Output,Sensors,Device Control,Timing,Data Storage,Data Processing,Other";
  assert.ok(categories.split(",").includes(properties.get("category")!));
  assert.ok(!/arduino/i.test(properties.get("name")!) && !/library/i.test(properties.get("sentence")!));
  for (const header of properties.get("includes")!.split(","))
    assert.ok(files.has(`src/${header}`), `includes: ${header}`);
  for (const path of files.keys()) {
    assert.match(path, /^[\w./-]+$/, "names without spaces");
    if (path.endsWith(".ino"))
      assert.equal(
        path,
        `examples/${basename(path, ".ino")}/${basename(path)}`,
        "a sketch is called as its folder",
      );
    assert.doesNotMatch(path, /^(?:utility|extras?)\/|\.(?:exe|a|so)$|(?:^|\/)\./);
  }
  const keywords = text("arduino", "keywords.txt").trimEnd().split("\n");
  for (const line of keywords) assert.match(line, /^\w+\t(?:KEYWORD[123]|LITERAL1)$/);
  const roots = [...files.keys()].filter((path) => /^[^/]+\.(?:c|cpp|h)$/.test(path));
  assert.deepEqual(roots, [], "sources lie in src");
});

const pio = python("pio");
test("PlatformIO: `pio pkg pack` takes it", {
  skip: pio ? false : "pio is missing: pip install platformio",
}, async () => {
  const said = await succeed(
    [pio!, "pkg", "pack", "-o", join(scratch, "pio.tar.gz"), folderOf("platformio")],
    scratch,
  );
  assert.match(said, /Wrote a tarball/);
  const manifest = JSON.parse(text("platformio", "library.json")) as {
    examples: { base: string; files: string[] }[];
  };
  for (const { base, files } of manifest.examples)
    for (const file of files) assert.ok(packs.get("platformio")!.has(`${base}/${file}`), `${base}/${file}`);
});

const compote = python("compote");
const noCompote = compote ? false : "compote is missing: pip install idf-component-manager";
test("ESP-IDF: `compote component pack` takes it", { skip: noCompote }, async () => {
  const args = ["component", "pack", "--name", "thimble", "--project-dir", folderOf("espressif")];
  const target = join(scratch, "compote");
  await succeed([compote!, ...args, "--dest-dir", target], folderOf("espressif"));
  const { version } = parse(text("espressif", "idf_component.yml")) as { version: string };
  assert.ok(existsSync(join(target, `thimble_${version}.tgz`)));
});

test("Zephyr: module.yml names what there is, and Kconfig and CMake one set of options", () => {
  const { name, build, samples } = parse(text("zephyr", "zephyr/module.yml")) as {
    name: string;
    build: { cmake: string; kconfig: string };
    samples: string[];
  };
  assert.equal(name, "thimble");
  assert.ok(packs.get("zephyr")!.has(`${build.cmake}/CMakeLists.txt`));
  for (const folder of samples) assert.ok(existsSync(join(folderOf("zephyr"), folder)));
  const options = [...text("zephyr", build.kconfig).matchAll(/^\s*config (\w+)/gm)].map(
    ([, option]) => option!,
  );
  const used = [...text("zephyr", `${build.cmake}/CMakeLists.txt`).matchAll(/CONFIG_(\w+)/g)].map(
    ([, o]) => o!,
  );
  assert.deepEqual([...new Set(used)].sort(), options.sort());
  assert.match(text("zephyr", "samples/label/prj.conf"), /^CONFIG_THIMBLE=y$/m);
});

const skipCmake = findProgram("cmake") ? false : "cmake is missing: apt-get install cmake";
test("Zephyr: its CMakeLists gives every source to the library", { skip: skipCmake }, async () => {
  const folder = join(scratch, "zephyr-check");
  mkdirSync(folder);
  const record = (name: string): string =>
    `function(${name})\n  message("${name} \${ARGN}")\nendfunction()\n`;
  const functions = [
    "zephyr_include_directories",
    "zephyr_library_named",
    "zephyr_library_sources",
    "zephyr_library_compile_definitions",
  ];
  writeFileSync(
    join(folder, "CMakeLists.txt"),
    `cmake_minimum_required(VERSION 3.20)\nproject(check LANGUAGES NONE)\nset(CONFIG_THIMBLE y)\nset(CONFIG_THIMBLE_STACK_BYTES 1408)\nset(CONFIG_THIMBLE_NATIVE_STACK_BYTES 8192)\n${functions.map(record).join("")}include("${folderOf("zephyr")}/zephyr/CMakeLists.txt")\n`,
  );
  const said = await succeed(["cmake", "-S", folder, "-B", join(folder, "out")], folder);
  const line = said.split("\n").find((each) => each.startsWith("zephyr_library_sources "))!;
  const sources = [...packs.get("zephyr")!.keys()].filter((path) => /^src\/.*\.c$/.test(path));
  assert.equal(line.split(";").length, sources.length);
});

const sources = (name: PackName): string[] =>
  [...packs.get(name)!.keys()]
    .filter((path) => /^src\/.*\.c$/.test(path))
    .map((path) => join(folderOf(name), path));

/** Compiles as a build system would that knows no flags for single files: at -Og, the least that IDEs offer. */
async function compileLibrary(
  compiler: string,
  flags: readonly string[],
  name: PackName,
  to: string,
): Promise<string[]> {
  mkdirSync(to);
  const jobs = sources(name).map((source, i) => ({ source, object: join(to, `${i}.o`) }));
  await forEachOfTwo(jobs, async ({ source, object }) => {
    await succeed(
      [compiler, "-std=gnu11", "-Og", ...flags, `-I${folderOf(name)}/src`, "-c", source, "-o", object],
      scratch,
    );
  });
  return jobs.map(({ object }) => object);
}

const ARDUINO = `#include <cstdio>
struct Port { void begin(long) {} void println(const char *text) { std::puts(text); } };
static Port Serial;
#include "Label.ino"
int main() { setup(); loop(); }
`;

describe("samples", () => {
  const noCxx = findProgram("g++") ? false : "g++ is missing: apt-get install g++";
  test("of Arduino and PlatformIO print the label on this machine", { skip: noCxx }, async () => {
    const stack = ["-DTHIMBLE_NATIVE_STACK_BYTES=65536"];
    const objects = await compileLibrary("gcc", stack, "arduino", join(scratch, "host"));
    writeFileSync(join(scratch, "main.cpp"), ARDUINO);
    const [arduino, platformio] = [folderOf("arduino"), folderOf("platformio")];
    const sketch = [
      "-std=c++17",
      "-Wall",
      "-Wextra",
      "-Werror",
      `-I${arduino}/src`,
      `-I${arduino}/examples/Label`,
    ];
    await succeed(["g++", ...sketch, "main.cpp", ...objects, "-o", "sketch"], scratch);
    assert.equal(await succeed([join(scratch, "sketch")], scratch), "setosa\n");
    const program = [
      "-std=c99",
      "-Wall",
      "-Wextra",
      "-Werror",
      `-I${platformio}/src`,
      `${platformio}/examples/label/main.c`,
    ];
    await succeed(["gcc", ...program, ...objects, "-o", "program"], scratch);
    assert.equal(await succeed([join(scratch, "program")], scratch), "setosa\n");
  });

  const tools = ["arm-none-eabi-gcc", "qemu-system-arm"];
  const lost = tools.find((tool) => findProgram(tool) === undefined);
  const noArm =
    lost && `${lost} is missing: apt-get install gcc-arm-none-eabi picolibc-arm-none-eabi qemu-system-arm`;
  test("of Zephyr and ESP-IDF print it on an emulated Cortex-M3", { skip: noArm ?? false }, async () => {
    const target = ["-mcpu=cortex-m3", "-mthumb", "--specs=picolibc.specs"];
    const objects = await compileLibrary(tools[0]!, target, "zephyr", join(scratch, "arm"));
    const memory = [
      "flash=0",
      "flash_size=0x400000",
      "ram=0x21000000",
      "ram_size=0x100000",
      "stack_size=0x4000",
    ];
    const link = [
      "--oslib=semihost",
      "--crt0=hosted",
      "-T",
      "picolibc.ld",
      ...memory.map((each) => `-Wl,--defsym=__${each}`),
    ];
    const start = join(scratch, "start.c");
    writeFileSync(start, "void app_main(void);\nint main(void) { app_main(); return 0; }\n");
    const esp = [join(folderOf("espressif"), "examples/label/main/main.c"), start];
    const zephyr = [join(folderOf("zephyr"), "samples/label/src/main.c")];
    for (const [name, program] of [
      ["zephyr", zephyr],
      ["esp", esp],
    ] as const) {
      const flags = [...target, "-Os", "-Wall", "-Wextra", "-Werror", `-I${folderOf("zephyr")}/src`];
      await succeed([tools[0]!, ...flags, ...program, ...objects, ...link, "-o", `${name}.elf`], scratch);
      const machine = ["-M", "mps2-an385", "-display", "none", "-monitor", "none", "-serial", "null"];
      const semihosting = ["-semihosting-config", "enable=on,target=native"];
      const run = [tools[1]!, ...machine, ...semihosting, "-kernel", `${name}.elf`];
      assert.equal((await succeed(run, scratch)).replaceAll("\r", ""), "setosa\n");
    }
  });
});

test("the packages carry the sources that set-up has checked by hash", () => {
  const wasm3 = join(root, "dist", "sources", "wasm3", "m3_exec.h");
  assert.equal(text("arduino", "src/internal/m3_exec.h"), readFileSync(wasm3, "utf8"));
});
