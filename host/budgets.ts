/**
 * Limits of the memory and time that a file or a command may take of a machine. A file that asks for more is refused with one line, before
 * the work where its size can be told, and else when the budget is used up. The limits of building and of reading
 * data stand here; how many parts a file of one format may have, its reader says. Those of the server are in
 * fleet/server/limits.ts, those of modules in module/subset_table.ts.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export const BUDGETS = {
  /** Seconds of processor time for a build, of all its threads; `--time-limit` sets another. */
  buildSeconds: 600,
  /** Seconds that one inference may take in an engine, far above any for a microcontroller; `--time-limit` sets another. */
  inferenceSeconds: 60,

  /** Bytes of a model's file, and of each entry of an archive: ten times the largest that could fit a module. */
  modelBytes: 2 ** 26,
  /** Elements of one tensor of a model. */
  tensorElements: 2 ** 24,
  /** Values of all tensors together, which the reference interpreter holds at once. */
  graphValues: 2 ** 23,
  /** Layers: passes and the memory plan compare them in pairs. */
  layers: 2048,
  /** Multiply-accumulates of one inference: a hundred times those of a keyword spotter. */
  macs: 2 ** 28,
  /** Other steps of one inference: values in the windows of pooling, and in what is reduced. */
  steps: 2 ** 28,

  /** Seconds of processor time for an HDF5 file, whose library was not made for bytes that nobody trusts. */
  hdf5Seconds: 4,
  hdf5HeapMiB: 1024,
  /** Lists and objects within each other. */
  jsonDepth: 200,
  /** Rows of a table of samples, and bytes of the values of all samples. */
  dataRows: 1_000_000,
  dataBytes: 2 ** 30,
  /** Decoders hold all pixels of a picture at once; a camera has about as many. */
  pixels: 2 ** 24,
} as const;

/** A command has used up its time. */
export class BudgetError extends Error {
  override readonly name = "BudgetError";
}

interface Clock {
  readonly seconds: number;
  /** When it started, in seconds of processor time. */
  readonly start: number;
  stage: string;
  /** When its processor time was last read, in milliseconds of the wall's clock. */
  read: number;
}

/** Milliseconds between two readings of the processor time, which asks the kernel and takes longer than a small layer. */
const READING_MS = 20;

const clocks = new AsyncLocalStorage<Clock>();

/** Processor time of this process, in seconds: what others do on the machine does not count. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Runs `work`; `checkTime` throws in it, and in all that it awaits, when it has used up `seconds` of processor time. */
export const withinTime = <T>(seconds: number, work: () => Promise<T>): Promise<T> =>
  clocks.run({ seconds, start: processorSeconds(), stage: "", read: -Infinity }, work);

/** Throws BudgetError where the time is over; called before every layer that is evaluated, and every stage by name. */
export function checkTime(stage?: string): void {
  const clock = clocks.getStore();
  if (clock === undefined) return;
  clock.stage = stage ?? clock.stage;
  const now = performance.now();
  if (stage === undefined && now - clock.read < READING_MS) return;
  clock.read = now;
  if (processorSeconds() - clock.start <= clock.seconds) return;
  throw new BudgetError(
    `expected a build within ${clock.seconds} s of processor time (--time-limit), found it at work in the stage "${clock.stage}"`,
  );
}

/** JSON as JSON.parse reads it. Throws RangeError where it is nested deeper than anything that we would walk through. */
export function parseJson(text: string): unknown {
  let [depth, isText] = [0, false];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (isText && character === "\\") i++;
    else if (character === '"') isText = !isText;
    else if (!isText && (character === "[" || character === "{")) depth++;
    else if (!isText && (character === "]" || character === "}")) depth--;
    if (depth > BUDGETS.jsonDepth)
      throw new RangeError(`expected JSON nested at most ${BUDGETS.jsonDepth} deep, found it deeper`);
  }
  return JSON.parse(text);
}
