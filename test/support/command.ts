import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Answer, Line } from "./command_worker.ts";

const program = fileURLToPath(new URL("program.js", import.meta.url));
/** Far above what any command takes; one that hangs is to fail its test, not the whole run. */
const TIMEOUT = 60_000;

export interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A command of the shell to run first, such as a limit. */
  readonly prefix?: string;
}

interface Asked {
  readonly thread: Worker;
  readonly port: MessagePort;
  readonly bell: Int32Array;
}

let asked: Asked | undefined;

function thread(): Asked {
  if (asked) return asked;
  const { port1, port2 } = new MessageChannel();
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const line: Line = { port: port2, bell };
  const started = new Worker(new URL("command_worker.js", import.meta.url), {
    workerData: line,
    transferList: [port2],
  });
  // A test file ends when its tests have, whether a thread waits for more or not.
  started.unref();
  asked = { thread: started, port: port1, bell };
  return asked;
}

/** Runs a command in the thread that stays, which spares it the start and the cold code of a new process. */
function inThread(args: readonly string[]): Outcome {
  const { thread: worker, port, bell } = thread();
  Atomics.store(bell, 0, 0);
  port.postMessage(args);
  if (Atomics.wait(bell, 0, 0, TIMEOUT) === "timed-out") {
    void worker.terminate();
    asked = undefined;
    throw new Error(`thimble ${args.join(" ")}: expected an end within ${TIMEOUT / 1000} s, found none`);
  }
  const { status, stdout, stderr } = receiveMessageOnPort(port)!.message as Answer;
  return { status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr).toString("utf8") };
}

/** Runs `thimble` with these arguments in a process of its own, in surroundings that are its own too. */
function thimbleProcess(args: readonly string[], { cwd, env, prefix }: Surroundings = {}): Outcome {
  const command = [process.execPath, program, ...args];
  const [file, ...rest] =
    prefix === undefined ? command : ["sh", "-c", `${prefix}; exec "$0" "$@"`, ...command];
  const result = spawnSync(file!, rest, {
    cwd,
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: TIMEOUT,
  });
  if (result.error) throw result.error;
  return { status: result.status, stdout: result.stdout, stderr: result.stderr.toString("utf8") };
}

/** Commands that change what a whole process has: its mask of permissions, its signals. */
const WHOLE_PROCESS = ["keygen", "serve"];

/** Runs `thimble` with these arguments: in a process of its own where the command or its surroundings need one. */
export const thimble = (args: readonly string[], surroundings?: Surroundings): Outcome =>
  surroundings || WHOLE_PROCESS.includes(args[0] ?? "") ? thimbleProcess(args, surroundings) : inThread(args);
