/**
 * Builds the firmware for one of QEMU's machines (host/firmware/qemu_machines.ts), once per content of its sources,
 * flags and compiler, and tells how much flash and static RAM each part of it takes.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type Availability, EngineError } from "../module/engine.ts";
import { root } from "../root.ts";
import { coreSources, cryptoSources, ed25519Sources, includeFolders, wasm3Flags } from "./posix_build.ts";
import { MACHINES, type Machine, type MachineName } from "./qemu_machines.ts";
import { buildOnce, findProgram, forEachOfTwo, runProcess } from "./toolchain.ts";
import { findSource, hasOperations, operationFlags, wasm3Sources } from "./wasm3_build.ts";

export type FirmwareOptions = {
  /** Default: rv32. */
  readonly machine?: MachineName;
  /** `run` (the default) runs vectors once; `update` is a device that updates itself, on rv32 alone. */
  readonly program?: "run" | "update";
  /** How the files with wasm3's operations are optimised; everything else of wasm3 always by -Os. */
  readonly operations?: "-O0" | "-Og" | "-Os" | "-O2" | "-O3";
  /** Default true; false: as a compiler builds it that makes no sibling calls, such as that of windowed Xtensa. */
  readonly siblingCalls?: boolean;
  /** Whether operations may keep their frames, as they do at -O0 and -Og; default: where there are no sibling calls. */
  readonly keepFrames?: boolean;
  /** On the Cortex-M3, whose instructions those of a Cortex-M0 are a part of: Thumb-1, which has no sibling calls. */
  readonly thumb1?: boolean;
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
  /** The file that the machine boots from: on rv32 a whole flash bank with the firmware at its start. */
  readonly bank: string;
  readonly elf: string;
  /** By part: wasm3, core, values, crypto, port, libraries, and kernel.NAME for each native kernel's file. */
  readonly sizes: ReadonlyMap<string, PartSize>;
}

/** Contents of one of rv32's two flash banks; QEMU wants files of exactly this size. */
export const BANK_BYTES = MACHINES.rv32.bankBytes!;

export function machineOf({ machine = "rv32", thumb1 = false }: FirmwareOptions): Machine {
  const found = MACHINES[machine];
  if (!thumb1) return found;
  return { ...found, target: found.target.map((flag) => flag.replace("cortex-m3", "cortex-m0")) };
}

/** The folder of the code that all machines share. */
const sharedPort = join(root, "firmware", "port", "qemu");

const sections = ["-ffunction-sections", "-fdata-sections", "-fno-common"];
const strict = ["-std=gnu99", "-Wall", "-Wextra", "-Werror"];

type Step = { readonly source: string; readonly object: string; readonly args: readonly string[] };

const objectOf = (part: string, path: string): string =>
  `${part}/${basename(path, extname(path))}${extname(path) === ".S" ? "_s" : ""}.o`;

const listFolder = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => join(folder, name));

/** Files of the core that are linked only where thimble_values.h or thimble_stream.h is used. */
const VALUES = ["descriptor.c", "stream.c", "values.c"];

/** Files of the program that runs vectors only. */
const runOnly = ["feed.c", "main.c", "report.c", "request.c", "watch.c"];

/** Sources that the programs share, and the program's own. */
const listPort = (port: string, program: "run" | "update"): string[] => {
  const shared = [...listFolder(sharedPort), ...listFolder(port)];
  if (program === "run") return shared;
  return [...shared.filter((path) => !runOnly.includes(basename(path))), ...listFolder(join(port, "update"))];
};

function planSteps(wasm3: string, options: FirmwareOptions): Step[] {
  const { operations = "-Os", flags = [], program = "run", siblingCalls = true } = options;
  const { keepFrames = !siblingCalls } = options;
  const calls = siblingCalls ? [] : ["-fno-optimize-sibling-calls"];
  const { port, target, unaligned, compact: fewer } = machineOf(options);
  const compact = [...unaligned, ...fewer];
  const includes = includeFolders().map((path) => `-I${path}`);
  const ours = [...strict, ...includes, ...flags];
  const step = (part: string, path: string, ...args: string[]): Step => ({
    source: path,
    object: objectOf(part, path),
    // Start code is the machine's.
    args: [
      ...(path.endsWith(".S") ? machineOf({ ...options, thumb1: false }).target : target),
      ...[...sections, ...calls, ...args, "-c", path],
    ],
  });
  const isKernel = (path: string): boolean => basename(dirname(path)) === "kernels";
  const coreStep = (path: string): Step => {
    const part = VALUES.includes(basename(path)) ? "values" : "core";
    return step(part, path, "-Os", ...compact, ...ours, "-isystem", wasm3, ...wasm3Flags());
  };
  return [
    ...wasm3Sources(wasm3).map((path) =>
      step(
        "wasm3",
        path,
        ...(hasOperations(path) ? [operations, ...operationFlags(keepFrames)] : ["-Os"]),
        ...[...unaligned, "-w", ...wasm3Flags()],
      ),
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
    ...listPort(port, program).map((path) =>
      step("port", path, "-Os", `-I${sharedPort}`, `-I${port}`, ...ours),
    ),
  ];
}

function hashBuild(steps: readonly Step[], machine: Machine, version: string): string {
  const hash = createHash("sha256");
  const sources = steps.map(({ source }) => dirname(source));
  const folders = [...new Set([...sources, ...includeFolders()])].sort();
  const inFolder = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /\.([chS]|ld)$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  for (const path of folders.flatMap(inFolder)) {
    const content = readFileSync(path);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  hash.update(JSON.stringify([steps, version, machine]));
  return hash.digest("hex").slice(0, 16);
}

async function call(
  { engine }: Machine,
  command: readonly string[],
  cwd: string,
  what: string,
): Promise<void> {
  const { status, stderr } = await runProcess(command, undefined, { cwd });
  if (status === 0) return;
  throw new EngineError(engine, `${what}: ${command[0]} failed\n${stderr.trimEnd()}`);
}

/** Paths are relative to the folder, so that the linker script can tell parts by their folders. */
async function buildInto(folder: string, steps: readonly Step[], machine: Machine): Promise<void> {
  const parts = new Set(steps.map(({ object }) => dirname(object)));
  for (const part of parts) await mkdir(join(folder, part));
  const [compiler, objcopy] = [compilerOf(machine), `${machine.tools}objcopy`];
  await forEachOfTwo(steps, ({ source, object, args }) =>
    call(machine, [compiler, ...args, "-o", object], folder, source),
  );
  const script = join(machine.port, "link.ld");
  const link = ["-nostartfiles", "-T", script, "-Wl,--gc-sections", "-Wl,-Map=firmware.map"];
  const objects = steps.map(({ object }) => object);
  const linked = [compiler, ...machine.target, ...link, ...objects, "-o", "firmware.elf"];
  await call(machine, linked, folder, "firmware.elf");
  await call(machine, [objcopy, "-O", "binary", "firmware.elf", "firmware.bin"], folder, "firmware.bin");
  const bank = join(folder, "bank.bin");
  await writeFile(bank, await readFile(join(folder, "firmware.bin")));
  // The rest is a hole in the file, which takes no room on most file systems.
  if (machine.bankBytes !== undefined) await truncate(bank, machine.bankBytes);
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
  // The linker leaves out a part that nothing calls.
  return new Map([...sizes].filter(([, { flash, ram }]) => flash > 0 || ram > 0));
}

const compilerOf = ({ tools }: Machine): string => `${tools}gcc`;

async function compilerVersion(machine: Machine): Promise<string | undefined> {
  const compiler = compilerOf(machine);
  if (findProgram(compiler) === undefined) return undefined;
  const result = await runProcess([compiler, "--version"]);
  return result.stdout.toString("utf8").split("\n")[0];
}

async function hasPicolibc(machine: Machine): Promise<boolean> {
  // Without a folder in front it has not been found.
  const result = await runProcess([compilerOf(machine), "-print-file-name=picolibc.specs"]);
  return result.stdout.toString("utf8").includes("/");
}

async function findMissing(machine: Machine, source: string | undefined): Promise<string | undefined> {
  const compiler = compilerOf(machine);
  if ((await compilerVersion(machine)) === undefined) return `no ${compiler}`;
  if (!(await hasPicolibc(machine))) return `no picolibc for ${compiler}`;
  if (findProgram(machine.emulator) === undefined) return `no ${machine.emulator}`;
  return source === undefined && findSource() === undefined ? "wasm3's source was not found" : undefined;
}

/** Whether compiler, C library, emulator and sources are here; the version is the compiler's. */
export async function firmwareAvailability(options: FirmwareOptions = {}): Promise<Availability> {
  const machine = machineOf(options);
  const reason = await findMissing(machine, options.source);
  if (reason === undefined) return { available: true, version: (await compilerVersion(machine)) ?? "" };
  return { available: false, reason, install: machine.install };
}

/**
 * The firmware, built where it is absent (some seconds). Throws EngineError where the compiler or a source is
 * missing, or the build fails; then the message has one line of ours and after it the compiler's own.
 */
export async function buildFirmware(options: FirmwareOptions = {}): Promise<Firmware> {
  const machine = machineOf(options);
  const reason = await findMissing(machine, options.source);
  if (reason !== undefined) throw new EngineError(machine.engine, `${reason}; install: ${machine.install}`);
  const steps = planSteps(options.source ?? findSource()!, options);
  const version = (await compilerVersion(machine))!;
  const folder = join(root, "build", "firmware", hashBuild(steps, machine, version));
  await buildOnce(folder, "bank.bin", (fresh) => buildInto(fresh, steps, machine));
  const sizes = readMap(await readFile(join(folder, "firmware.map"), "utf8"));
  return { bank: join(folder, "bank.bin"), elf: join(folder, "firmware.elf"), sizes };
}
