/** emlearn's and m2cgen's C for the forest of test/models/gen/trees.py on the emulated microcontroller. */
import { mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BANK_BYTES } from "../../host/firmware/qemu_build.ts";
import { MACHINES } from "../../host/firmware/qemu_machines.ts";
import { runProcess } from "../../host/firmware/toolchain.ts";
import { fromBytes } from "../../host/ir/graph.ts";
import { EngineError } from "../../host/module/engine.ts";
import { root } from "../../host/root.ts";

export interface TreeFigures {
  readonly by: string;
  readonly build: string;
  /** Of ours the whole module; of others what their code adds to a program, its library functions included. */
  readonly flash_bytes: number;
  /** Mean of a prediction. Ours gives all probabilities, emlearn a class, m2cgen doubles. */
  readonly instructions: number;
  /** Predictions that are scikit-learn's. */
  readonly agrees: number;
}

/** -Os and -O2, the two that projects for microcontrollers build with. */
const LEVELS = ["-Os", "-O2"] as const;
const RIVALS = [
  { by: "emlearn", form: "inline (its default)", macro: "RIVAL_EMLEARN_INLINE", sources: [] },
  { by: "emlearn", form: "loadable", macro: "RIVAL_EMLEARN_LOADABLE", sources: [] },
  { by: "m2cgen", form: "C", macro: "RIVAL_M2CGEN", sources: ["m2cgen.c"] },
] as const;
const NONE = { by: "", form: "", macro: "RIVAL_NONE", sources: [] } as const;

const { port, target, tools, emulator } = MACHINES.rv32;
const shared = join(root, "firmware", "port", "qemu");
const sections = ["-ffunction-sections", "-fdata-sections", "-w"];
const link = ["-nostartfiles", "-T", join(port, "link.ld"), "-Wl,--gc-sections"];

async function call(command: readonly string[], cwd: string): Promise<string> {
  const { status, stdout, stderr } = await runProcess(command, undefined, { cwd });
  if (status !== 0) throw new EngineError("qemu", `bench:trees: ${command[0]} failed\n${stderr.trimEnd()}`);
  return stdout.toString("utf8");
}

/** The program's flash bank, and how much of it is used. */
async function compile(
  folder: string,
  { macro, sources }: Pick<(typeof RIVALS)[number] | typeof NONE, "macro" | "sources">,
  level: string,
): Promise<{ bank: string; bytes: number }> {
  const headers = (await readFile(join(folder, "include.txt"), "utf8")).trim();
  const name = `${macro}${level}`;
  await call(
    [
      `${tools}gcc`,
      ...target,
      ...sections,
      level,
      `-D${macro}`,
      ...[folder, headers, port, shared].map((path) => `-I${path}`),
      join(root, "test", "bench", "trees_rival.c"),
      ...sources,
      join(shared, "board.c"),
      ...["machine.c", "start.S"].map((file) => join(port, file)),
      ...link,
      "-o",
      `${name}.elf`,
    ],
    folder,
  );
  await call([`${tools}objcopy`, "-O", "binary", `${name}.elf`, `${name}.bin`], folder);
  const bank = join(folder, `${name}.bin`);
  const { size: bytes } = await stat(bank);
  await truncate(bank, BANK_BYTES);
  return { bank, bytes };
}

async function run(folder: string, bank: string): Promise<readonly (readonly [number, number])[]> {
  const machine = ["-M", "virt", "-bios", "none", "-m", "16M", "-icount", "shift=0", "-display", "none"];
  const console = ["-monitor", "none", "-serial", "stdio", "-no-reboot"];
  const semihosting = ["-semihosting-config", "enable=on,target=native"];
  const flash = ["-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${bank}`];
  await call([emulator, ...machine, ...console, ...semihosting, ...flash], folder);
  const results = fromBytes("int32", new Uint8Array(await readFile(join(folder, "results.bin"))));
  return Array.from({ length: results.length / 2 }, (_, i) => [results[2 * i]!, results[2 * i + 1]!]);
}

/** Throws EngineError where Python lacks a package, or a tool fails. */
export async function measureRivals(python: string, expected: readonly number[]): Promise<TreeFigures[]> {
  const folder = await mkdtemp(join(tmpdir(), "thimble-trees-"));
  try {
    await call([python, join(root, "test", "models", "gen", "trees_rivals.py"), folder], folder);
    const figures: TreeFigures[] = [];
    for (const rival of RIVALS)
      for (const level of LEVELS) {
        const bare = await compile(folder, NONE, level);
        const { bank, bytes } = await compile(folder, rival, level);
        const rows = await run(folder, bank);
        figures.push({
          by: rival.by,
          build: `${rival.form}, ${level}`,
          flash_bytes: bytes - bare.bytes,
          instructions: Math.round(rows.reduce((sum, [count]) => sum + count, 0) / rows.length),
          agrees: rows.filter(([, label], i) => label === expected[i]).length,
        });
      }
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
