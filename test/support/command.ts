import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("program.js", import.meta.url));
/** Far above what any command takes; one that hangs is to fail its test, not the whole run. */
const TIMEOUT = 60_000;

export interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A command of the shell to run first, such as a limit. */
  readonly prefix?: string;
}

/** Runs `thimble` with these arguments in a process of its own. */
export function thimble(args: readonly string[], { cwd, env, prefix }: Options = {}): Outcome {
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
