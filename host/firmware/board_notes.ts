/** A table of boards: which parts were tried, and which do not work. README.md and the help of commands show it. */
import { BOARDS } from "./boards.ts";

export interface BoardNote {
  /** A name of `--board`, or undefined for chips that have no profile yet. */
  readonly board: string | undefined;
  readonly chips: string;
  readonly cores: string;
  /** The parts that were run, and where. Nothing here has been run on real hardware. */
  readonly tried: string;
  readonly without: string;
}

const CORE = "the core in QEMU on rv32imac; ESP-IDF's glue and example on stand-ins";
const NEITHER =
  "ESP-IDF's glue on stand-ins; stack counted, from frames of a windowed compiler; the core not on this instruction set";
const WINDOWS =
  "models that take more than 16 KiB of a task's stack, as portable kernels may (26 KB), unless the task has more";

export const BOARD_NOTES: readonly BoardNote[] = [
  { board: "esp32-c3", chips: "ESP32-C3", cores: "1 RISC-V", tried: CORE, without: "" },
  { board: "esp32-c6", chips: "ESP32-C6", cores: "1 RISC-V", tried: CORE, without: "the low-power core" },
  { board: "esp32-h2", chips: "ESP32-H2", cores: "1 RISC-V", tried: CORE, without: "Wi-Fi, which it lacks" },
  { board: "esp32", chips: "ESP32", cores: "2 Xtensa LX6", tried: NEITHER, without: WINDOWS },
  { board: "esp32-s2", chips: "ESP32-S2", cores: "1 Xtensa LX7", tried: NEITHER, without: WINDOWS },
  {
    board: "esp32-s3",
    chips: "ESP32-S3",
    cores: "2 Xtensa LX7",
    tried: NEITHER,
    without: `${WINDOWS}; its vector unit`,
  },
  {
    board: "esp8266",
    chips: "ESP8266",
    cores: "1 Xtensa LX106",
    tried: "nothing; a profile for the tuner",
    without: "native kernels, `flash`: too little flash is mapped",
  },
  {
    board: undefined,
    chips: "Cortex-M3, M4 (STM32, nRF52, SAM, ...)",
    cores: "1",
    tried: "all of it but updates, in QEMU (`--engine qemu-cortex-m`, `qemu-cortex-m4`)",
    without: "a port of flash and network: yours (PORTING.md)",
  },
  {
    board: undefined,
    chips: "Cortex-M0+ (RP2040, ...)",
    cores: "1 or 2",
    tried: "nothing",
    without: "words at any address; portable kernels of models that need more stack than there is",
  },
];

const KIB = 1024;

/** The table of README.md. On two cores one task at a time opens or runs models: the core has one lock for all. */
export function boardTable(): string {
  const rows = BOARD_NOTES.map(({ board, chips, cores, tried, without }) => {
    const profile = BOARDS.find(({ name }) => name === board);
    const room = profile ? [`${profile.ramBytes / KIB} KiB`, `${profile.slotBytes / KIB} KiB`] : ["", ""];
    return [chips, board === undefined ? "" : `\`${board}\``, cores, ...room, tried, without];
  });
  const head = ["chip", "`--board`", "cores", "RAM for a model", "flash, a slot", "tried", "not supported"];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Lines for the help of `--board`. */
export const boardHelp = (): string =>
  BOARD_NOTES.filter(({ board }) => board !== undefined)
    .map(
      ({ board, tried, without }) =>
        `  ${board!.padEnd(9)} tried: ${tried}${without === "" ? "" : `;\n            not supported: ${without}`}`,
    )
    .join("\n");
