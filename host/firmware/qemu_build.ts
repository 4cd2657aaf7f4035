/**
 * Builds the firmware for QEMU's riscv32 `virt` machine (firmware/port/qemu-riscv32), once per content of its
 * sources, flags and compiler, and tells how much flash and static RAM each part of it takes.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type Availability, EngineError } from "../module/engine.ts";
import { root } from "../root.ts";
import { coreSources, cryptoSources, ed25519Sources, includeFolders, wasm3Flags } from "./posix_build.ts";
import { buildOnce, findProgram, forEachOfTwo, runProcess } from "./toolchain.ts";
import { findSource, hasOperations, wasm3Sources } from "./wasm3_build.ts";

export type FirmwareOptions = {
  /** `run` (the default) runs vectors once; `update` is a device that updates itself. */
  readonly program?: "run" | "update";
  /** How the files with wasm3's operations are optimised; everything else of wasm3 always by -Os. */
  readonly operations?: "-Os" | "-O3";
  /** Folder with wasm3's m3_*.c; default WASM3_DIR, else what set-up took (host/sources.mjs). */
  readonly source?: string;
  /** Further flags for our own files, e.g. -DTHIMBLE_NO_CONV2D. */
  readonly flags?: readonly string[];
};

/** Bytes of a part of the firmware: flash with its initialised data, RAM that is its from the start. */
export interface PartSize {
  readonly flash: number;
  readonly ram: number;
}

export interface Firmware {
  /** A whole flash bank: the firmware at its start. */
  readonly bank: string;
  readonly elf: string;
  /** By part: wasm3, core, values, crypto, port, libraries, and kernel.NAME for each native kernel's file. */
  readonly sizes: ReadonlyMap<string, PartSize>;
}

/** Contents of one of the two flash banks; QEMU wants files of exactly this size. */
export const BANK_BYTES = 32 * 1024 * 1024;

export const QEMU = "qemu-system-riscv32";
const COMPILER = "riscv64-unknown-elf-gcc";
const OBJCOPY = "riscv64-unknown-elf-objcopy";
const PACKAGES = "apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc";

const portFolder = join(root, "firmware", "port", "qemu-riscv32");
const linkerScript = join(portFolder, "link.ld");

/** The usual build of picolibc moves bytes one at a time; its release build, like a chip's ROM, by words. */
const library = ["--specs=picolibc.specs", "--picolibc-buildtype=release"];
const target = ["-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32", ...library];
const sections = ["-ffunction-sections", "-fdata-sections", "-fno-common"];
/**
 * Words at any address, as Espressif's toolchain has it for its RISC-V chips (-mtune=esp-base), which handle
 * them in hardware. Otherwise every load and store of wasm3 would be a call of memcpy.
 */
const unaligned = ["-mtune=size", "-mno-strict-align"];
/** Registers are saved by calls: 1.3 KB less. Not for wasm3's operations, which would be 12 % slower. */
const compact = [...unaligned, "-msave-restore"];
const strict = ["-std=gnu99", "-Wall", "-Wextra", "-Werror"];

type Step = { readonly source: string; readonly object: string; readonly args: readonly string[] };

const objectOf = (part: string, path: string): string =>
  `${part}/${basename(path, extname(path))}${extname(path) === ".S" ? "_s" : ""}.o`;

const listFolder = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => join(folder, name));

/** What only a firmware has that calls thimble_values.h. */
const VALUES = ["descriptor.c", "values.c"];

/** Files of the first program only. */
const runOnly = ["main.c", "report.c", "request.c"];

/** Sources that both programs share, and the program's own. */
const listPort = (program: "run" | "update"): string[] =>
  program === "run"
    ? listFolder(portFolder)
    : [
        ...listFolder(portFolder).filter((path) => !runOnly.includes(basename(path))),
        ...listFolder(join(portFolder, "update")),
      ];

function planSteps(wasm3: string, options: FirmwareOptions): Step[] {
  const { operations = "-Os", flags = [], program = "run" } = options;
  const includes = includeFolders().map((path) => `-I${path}`);
  const ours = [...strict, ...includes, ...flags];
  const step = (part: string, path: string, ...args: string[]): Step => ({
    source: path,
    object: objectOf(part, path),
    args: [...target, ...sections, ...args, "-c", path],
  });
  const isKernel = (path: string): boolean => basename(dirname(path)) === "kernels";
  const coreStep = (path: string): Step => {
    const part = VALUES.includes(basename(path)) ? "values" : "core";
    return step(part, path, "-Os", ...compact, ...ours, "-isystem", wasm3, ...wasm3Flags());
  };
  return [
    ...wasm3Sources(wasm3).map((path) =>
      step("wasm3", path, hasOperations(path) ? operations : "-Os", ...unaligned, "-w", ...wasm3Flags()),
    ),
    ...coreSources()
      .filter((path) => !isKernel(path))
      .map(coreStep),
    // The kernels that take the time set their own options (firmware/core/kernels/order.h).
    ...coreSources()
      .filter(isKernel)
      .map((path) => step("kernels", path, "-O3", ...ours)),
    ...cryptoSources().map((path) => step("crypto", path, "-O2", ...unaligned, ...ours)),
    ...ed25519Sources().map((path) => step("crypto", path, "-Os", ...compact, "-w")),
    ...listPort(program).map((path) => step("port", path, "-Os", `-I${portFolder}`, ...ours)),
  ];
}

function hashBuild(steps: readonly Step[], version: string): string {
  const hash = createHash("sha256");
  const folders = [...new Set([...steps.map(({ source }) => dirname(source)), ...includeFolders()])].sort();
  const inFolder = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /\.([chS]|ld)$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  for (const path of folders.flatMap(inFolder)) {
    const content = readFileSync(path);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  hash.update(JSON.stringify([steps, version, BANK_BYTES]));
  return hash.digest("hex").slice(0, 16);
}

async function call(command: readonly string[], cwd: string, what: string): Promise<void> {
  const { status, stderr } = await runProcess(command, undefined, { cwd });
  if (status === 0) return;
  throw new EngineError("qemu", `${what}: ${command[0]} failed\n${stderr.trimEnd()}`);
}

/** Paths are relative to the folder, so that the linker script can tell parts by their folders. */
async function buildInto(folder: string, steps: readonly Step[]): Promise<void> {
  const parts = new Set(steps.map(({ object }) => dirname(object)));
  for (const part of parts) await mkdir(join(folder, part));
  await forEachOfTwo(steps, ({ source, object, args }) =>
    call([COMPILER, ...args, "-o", object], folder, source),
  );
  const link = ["-nostartfiles", "-T", linkerScript, "-Wl,--gc-sections", "-Wl,-Map=firmware.map"];
  const objects = steps.map(({ object }) => object);
  await call([COMPILER, ...target, ...link, ...objects, "-o", "firmware.elf"], folder, "firmware.elf");
  await call([OBJCOPY, "-O", "binary", "firmware.elf", "firmware.bin"], folder, "firmware.bin");
  const bank = join(folder, "bank.bin");
  await writeFile(bank, await readFile(join(folder, "firmware.bin")));
  // The rest is a hole in the file, which takes no room on most file systems.
  await truncate(bank, BANK_BYTES);
}

/** Output sections of the linker script that are a part each; `kernels` is taken apart by its files. */
const PART_SECTIONS: Readonly<Record<string, string>> = {
  wasm3: "wasm3",
  core: "core",
  values: "values",
  crypto: "crypto",
  start: "port",
  port: "port",
  libraries: "libraries",
};
const RAM_SECTIONS = ["data", "bss"];

/** The part that an object file belongs to; `folder/name.o`, or a member of a library. */
function partOf(object: string): string {
  const [, folder, name] = /^(wasm3|core|values|crypto|port|kernels)\/(\w+)\.o$/.exec(object) ?? [];
  if (folder === undefined) return "libraries";
  return folder === "kernels" ? `kernel.${name}` : folder;
}

/**
 * Sizes by part from GNU ld's map. Output sections begin in the first column, what they are made of in the
 * second, on one line or, after a long name, two. Strings that were merged count in full for each of their
 * users, so whole sections are taken where there is one.
 */
export function readMap(map: string): Map<string, PartSize> {
  const sizes = new Map<string, PartSize>();
  const add = (part: string, flash: number, ram: number): void => {
    const before = sizes.get(part) ?? { flash: 0, ram: 0 };
    sizes.set(part, { flash: before.flash + flash, ram: before.ram + ram });
  };
  const text = map
    .slice(map.indexOf("Linker script and memory map"))
    .replace(/^( ?\.\S+)\n +(?=0x)/gm, "$1 ");
  let output = "";
  for (const line of text.split("\n")) {
    const [, section, sectionBytes = "0"] = /^\.(\S+)(?: +0x[0-9a-f]+ +0x([0-9a-f]+))?/.exec(line) ?? [];
    if (section !== undefined) {
      output = section;
      const part = PART_SECTIONS[section];
      if (part !== undefined) add(part, Number.parseInt(sectionBytes, 16), 0);
      continue;
    }
    const [, hex, object] = /^ (?:\.\S+|COMMON) +0x[0-9a-f]+ +0x([0-9a-f]+) (\S+)$/.exec(line) ?? [];
    if (hex === undefined) continue;
    const bytes = Number.parseInt(hex, 16);
    if (output === "kernels") add(partOf(object!), bytes, 0);
    // Initialised data lies in flash too, until the start.
    if (RAM_SECTIONS.includes(output)) add(partOf(object!), output === "data" ? bytes : 0, bytes);
  }
  // What nobody calls is not linked.
  return new Map([...sizes].filter(([, { flash, ram }]) => flash > 0 || ram > 0));
}

async function compilerVersion(): Promise<string | undefined> {
  if (findProgram(COMPILER) === undefined) return undefined;
  const result = await runProcess([COMPILER, "--version"]);
  return result.stdout.toString("utf8").split("\n")[0];
}

async function hasPicolibc(): Promise<boolean> {
  // Without a folder in front it has not been found.
  const result = await runProcess([COMPILER, "-print-file-name=picolibc.specs"]);
  return result.stdout.toString("utf8").includes("/");
}

async function findMissing(source: string | undefined): Promise<string | undefined> {
  if ((await compilerVersion()) === undefined) return `no ${COMPILER}`;
  if (!(await hasPicolibc())) return `no picolibc for ${COMPILER}`;
  if (findProgram(QEMU) === undefined) return `no ${QEMU}`;
  return source === undefined && findSource() === undefined ? "wasm3's source was not found" : undefined;
}

/** Whether compiler, C library, emulator and sources are here; the version is the compiler's. */
export async function firmwareAvailability(options: FirmwareOptions = {}): Promise<Availability> {
  const reason = await findMissing(options.source);
  if (reason === undefined) return { available: true, version: (await compilerVersion()) ?? "" };
  return { available: false, reason, install: PACKAGES };
}

/**
 * The firmware, built where it is absent (some seconds). Throws EngineError where the compiler or a source is
 * missing, or the build fails; then the message has one line of ours and after it the compiler's own.
 */
export async function buildFirmware(options: FirmwareOptions = {}): Promise<Firmware> {
  const reason = await findMissing(options.source);
  if (reason !== undefined) throw new EngineError("qemu", `${reason}; install: ${PACKAGES}`);
  const steps = planSteps(options.source ?? findSource()!, options);
  const folder = join(root, "build", "firmware", hashBuild(steps, (await compilerVersion())!));
  await buildOnce(folder, "bank.bin", (fresh) => buildInto(fresh, steps));
  const sizes = readMap(await readFile(join(folder, "firmware.map"), "utf8"));
  return { bank: join(folder, "bank.bin"), elf: join(folder, "firmware.elf"), sizes };
}
