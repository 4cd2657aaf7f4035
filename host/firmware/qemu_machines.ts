/**
 * QEMU's machines that the firmware is built for and runs on: one row each. What a row says is all that differs
 * between them; firmware/port/qemu holds what they share.
 */
import { join } from "node:path";
import type { EngineName } from "../module/engine.ts";
import { root } from "../root.ts";

export interface Machine {
  /** The engine that runs modules on it (host/runtime/engines/qemu.ts); errors begin with its name. */
  readonly engine: EngineName;
  /** The processor, for tables. */
  readonly processor: string;
  readonly emulator: string;
  /** Prefix of the compiler's programs, e.g. "arm-none-eabi-". */
  readonly tools: string;
  readonly install: string;
  /** Folder of firmware/port with start code, linker script, and what only this machine has. */
  readonly port: string;
  /** Flags of processor and C library, for compiling and linking. */
  readonly target: readonly string[];
  /** Words may lie at any address, which the processors do in hardware. */
  readonly unaligned: readonly string[];
  /** Registers are saved by calls, where there are such: smaller, and slower in wasm3's operations. */
  readonly compact: readonly string[];
  /** Bytes of the file that QEMU boots from: exactly these, or undefined for any. */
  readonly bankBytes: number | undefined;
  /** Room for a flash image: partition table and slots. */
  readonly flashBytes: number;
  /** Arguments of the emulator, with the files firmware.bin and flash.bin in the folder where it runs. */
  readonly boot: readonly string[];
}

/** The usual build of picolibc moves bytes one at a time; its release build, like a chip's ROM, by words. */
const library = ["--specs=picolibc.specs", "--picolibc-buildtype=release"];
const MIB = 1024 * 1024;

const drive = (unit: number, file: string): string[] => [
  "-drive",
  `if=pflash,format=raw,unit=${unit},readonly=on,file=${file}`,
];

const riscv: Machine = {
  engine: "qemu",
  processor: "rv32imac",
  emulator: "qemu-system-riscv32",
  tools: "riscv64-unknown-elf-",
  install: "apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc",
  port: join(root, "firmware", "port", "qemu-riscv32"),
  target: ["-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32", ...library],
  // As Espressif's toolchain has it for its RISC-V chips (-mtune=esp-base). Otherwise every load and store of wasm3
  // would be a call of memcpy.
  unaligned: ["-mtune=size", "-mno-strict-align"],
  // 1.3 KB less; wasm3's operations would be 12 % slower.
  compact: ["-msave-restore"],
  bankBytes: 32 * MIB,
  flashBytes: 32 * MIB,
  boot: ["-M", "virt", "-bios", "none", "-m", "16M", ...drive(0, "firmware.bin"), ...drive(1, "flash.bin")],
};

const cortexM = (engine: EngineName, processor: string, board: string, cpu: string): Machine => ({
  engine,
  processor,
  emulator: "qemu-system-arm",
  tools: "arm-none-eabi-",
  install: "apt-get install gcc-arm-none-eabi picolibc-arm-none-eabi qemu-system-arm",
  port: join(root, "firmware", "port", "qemu-cortex-m"),
  target: [`-mcpu=${cpu}`, "-mthumb", "-mfloat-abi=soft", ...library],
  unaligned: [],
  compact: [],
  bankBytes: undefined,
  flashBytes: 4 * MIB,
  boot: [
    ...["-M", board, "-kernel", "firmware.bin"],
    ...["-device", "loader,file=flash.bin,addr=0x20000000,force-raw=on"],
  ],
});

/** In the order in which benchmarks show them. */
export const MACHINES = {
  rv32: riscv,
  "cortex-m3": cortexM("qemu-cortex-m", "Cortex-M3", "mps2-an385", "cortex-m3"),
  "cortex-m4": cortexM("qemu-cortex-m4", "Cortex-M4", "mps2-an386", "cortex-m4"),
} as const satisfies Readonly<Record<string, Machine>>;

export type MachineName = keyof typeof MACHINES;

export const MACHINE_NAMES = Object.keys(MACHINES) as readonly MachineName[];

/** Options of every emulator: one instruction takes one nanosecond of virtual time. */
export const EMULATION = [
  ...["-icount", "shift=0"],
  ...["-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"],
  ...["-semihosting-config", "enable=on,target=native"],
] as const;
