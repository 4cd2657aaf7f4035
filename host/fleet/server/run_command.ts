/** Commands of rules, such as those that train a model again. */
import { type ChildProcess, spawn } from "node:child_process";

/** Those that run; they end with the server. */
const children = new Set<ChildProcess>();

/**
 * Runs a program with this environment beside the process's own; what it writes goes to stderr. Its exit status: null where it
 * was killed, 127 where it did not start.
 */
export function runCommand(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", 2, 2] });
    children.add(child);
    child.once("error", (error) => {
      process.stderr.write(`${program}: ${error.message}\n`);
      children.delete(child);
      resolve(127);
    });
    child.once("exit", (status) => {
      children.delete(child);
      resolve(status);
    });
  });
}

/** Ends all that run. */
export function endCommands(): void {
  for (const child of children) child.kill();
}
