/**
 * Runs a program that was compiled for WASI preview 1 in V8, with arguments, stdin, stdout and stderr, and nothing else
 * of the system: no files, clock or environment. Node's own `node:wasi` warns that it is experimental, and waits for stdin.
 */
import { Worker } from "node:worker_threads";
import type { ProcessOptions, ProcessResult } from "./toolchain.ts";

export interface WasiTask {
  readonly program: Uint8Array;
  /** The program's own name first. */
  readonly args: readonly string[];
  readonly input: Uint8Array;
}

/** A worker's message: it gets on, or it has ended. */
export type WasiMessage =
  | { readonly kind: "alive" }
  | { readonly kind: "end"; readonly result: ProcessResult };

/** Numbers of the specification. */
const ERRNO = { success: 0, badFile: 8 } as const;
const [STDIN, STDOUT, STDERR] = [0, 1, 2] as const;

class Exit extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

type Call = (...args: number[]) => number;

/** The parts of memory that an array of `iovec` names. */
function* pieces(memory: WebAssembly.Memory, at: number, count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    const view = new DataView(memory.buffer);
    const [start, bytes] = [view.getUint32(at + 8 * i, true), view.getUint32(at + 8 * i + 4, true)];
    yield new Uint8Array(memory.buffer, start, bytes);
  }
}

/** Where a program's words go, and what it reads. */
interface Streams {
  readonly memory: () => WebAssembly.Memory;
  readonly args: readonly Buffer[];
  readonly input: Uint8Array;
  readonly write: (file: number, bytes: Buffer) => void;
}

/** The calls that a program may make, by their names in the specification; `runWasiHere` answers others with badFile. */
function callsOf({ memory, args, input, write }: Streams): Readonly<Record<string, Call>> {
  let taken = 0;
  const words = (...pairs: [number, number][]): number => {
    const view = new DataView(memory().buffer);
    for (const [at, value] of pairs) view.setUint32(at, value, true);
    return ERRNO.success;
  };
  return {
    args_sizes_get: (count, bytes) => words([count!, args.length], [bytes!, Buffer.concat(args).length]),
    args_get(list, text) {
      let at = text!;
      for (const [i, arg] of args.entries()) {
        words([list! + 4 * i, at]);
        new Uint8Array(memory().buffer).set(arg, at);
        at += arg.length;
      }
      return ERRNO.success;
    },
    fd_read(file, list, count, total) {
      if (file !== STDIN) return ERRNO.badFile;
      const before = taken;
      for (const piece of pieces(memory(), list!, count!)) {
        const bytes = input.subarray(taken, taken + piece.length);
        piece.set(bytes);
        taken += bytes.length;
      }
      return words([total!, taken - before]);
    },
    fd_write(file, list, count, total) {
      if (file !== STDOUT && file !== STDERR) return ERRNO.badFile;
      const bytes = Buffer.concat([...pieces(memory(), list!, count!)]);
      write(file, bytes);
      return words([total!, bytes.length]);
    },
    proc_exit(status) {
      throw new Exit(status!);
    },
  };
}

/** The status that the program ends with; Exit is how it ends amid its work. */
function statusOf(start: () => void): Pick<ProcessResult, "status" | "signal"> {
  try {
    start();
  } catch (error) {
    if (error instanceof Exit) return { status: error.status, signal: undefined };
    if (error instanceof RangeError) return { status: undefined, signal: "a stack overflow" };
    if (error instanceof WebAssembly.RuntimeError)
      return { status: undefined, signal: `a trap, ${error.message}` };
    throw error;
  }
  return { status: 0, signal: undefined };
}

/** Runs the program to its end in this thread; `wrote` is told whenever it has written to stdout. */
export function runWasiHere({ program, args, input }: WasiTask, wrote: () => void = () => {}): ProcessResult {
  const output: Buffer[] = [];
  const complaints: Buffer[] = [];
  const module = new WebAssembly.Module(new Uint8Array(program));
  const calls = callsOf({
    memory: () => instance.exports["memory"] as WebAssembly.Memory,
    args: args.map((arg) => Buffer.from(`${arg}\0`)),
    input,
    write(file, bytes) {
      (file === STDERR ? complaints : output).push(bytes);
      if (file === STDOUT) wrote();
    },
  });
  const imports = WebAssembly.Module.imports(module).map(({ name }) => [
    name,
    calls[name] ?? (() => ERRNO.badFile),
  ]);
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: Object.fromEntries(imports) });
  const ended = statusOf(instance.exports["_start"] as () => void);
  const stderr = Buffer.concat(complaints).toString("utf8");
  return { ...ended, isStuck: false, stdout: Buffer.concat(output), stderr };
}

const STUCK: ProcessResult = {
  status: undefined,
  signal: "SIGKILL",
  isStuck: true,
  stdout: Buffer.alloc(0),
  stderr: "",
};

/** As `runWasiHere`; with `idleMs` in a thread of its own, which is ended where it is silent on stdout for longer. */
export function runWasi(
  task: WasiTask,
  { idleMs }: Pick<ProcessOptions, "idleMs"> = {},
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    if (idleMs === undefined) {
      resolve(runWasiHere(task));
      return;
    }
    const worker = new Worker(new URL("wasi_worker.js", import.meta.url), { workerData: task });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      worker.terminate();
    };
    const timer = setTimeout(() => end(() => resolve(STUCK)), idleMs);
    worker.on("message", (message: WasiMessage) => {
      if (message.kind === "alive") timer.refresh();
      else end(() => resolve({ ...message.result, stdout: Buffer.from(message.result.stdout) }));
    });
    worker.on("error", (error) => end(() => reject(error)));
  });
}
