/** Running compilers and other programs, and keeping what they build. */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import type { Socket } from "node:net";
import { delimiter, dirname, join } from "node:path";

export type ProcessResult = {
  readonly status: number | undefined;
  /** The signal that ended it; SIGKILL where it ran for longer than allowed. */
  readonly signal: string | undefined;
  /** Whether it was ended since it had been silent for too long. */
  readonly isStuck: boolean;
  readonly stdout: Buffer;
  readonly stderr: string;
};

export type ProcessOptions = {
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** The longest that it may be silent on stdout; then it is ended, and `isStuck` says so. */
  readonly idleMs?: number;
  /** Told its number as soon as it has one. */
  readonly started?: (pid: number) => void;
};

/** Runs a program to its end with `input` on stdin. Rejects only where it cannot be started. */
export function runProcess(
  command: readonly string[],
  input?: Uint8Array,
  { cwd, timeoutMs, idleMs, started }: ProcessOptions = {},
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const options = { stdio: "pipe", killSignal: "SIGKILL", timeout: timeoutMs ?? 0 } as const;
    const child = spawn(command[0]!, command.slice(1), { ...options, ...(cwd !== undefined && { cwd }) });
    if (child.pid !== undefined) started?.(child.pid);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let isStuck = false;
    const idle = setTimeout(() => {
      isStuck = idleMs !== undefined;
      if (isStuck) child.kill("SIGKILL");
    }, idleMs ?? 0);
    if (idleMs === undefined) clearTimeout(idle);
    child.stdout.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      if (idleMs !== undefined) idle.refresh();
    });
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A program may stop before it has read everything; its status and stderr say why.
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(idle);
      resolve({
        status: status ?? undefined,
        signal: signal ?? undefined,
        isStuck,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString("utf8"),
      });
    });
    child.stdin.end(input);
  });
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Path of a program, looked for on PATH where `name` has no slash; undefined where there is none. */
export function findProgram(name: string): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? name : undefined;
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Runs `work` on each item, at most two at once; stops at the first failure. */
export async function forEachOfTwo<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  const results = await Promise.allSettled([worker(), worker()]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/**
 * Removes a folder and ends the processes that it is told, each a line of number and start, unless the last line is
 * "done". A number may be another process's by then: the start has to be the same.
 */
const GUARD = `start_of() {
  if [ -r "/proc/$1/stat" ]; then read -r stat <"/proc/$1/stat"; set -- \${stat##*) }; echo "\${20}"
  else ps -o lstart= -p "$1"; fi
}
while read -r pid start; do [ "$pid" = done ] && exit; held="$held$pid $start
"; done
printf %s "$held" | while read -r pid start; do [ "$(start_of "$pid")" != "$start" ] || kill -9 "$pid"; done
rm -rf -- "$0"`;

/** When a process started, in whatever unit the system has; to be asked while its parent has not heard of its end. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
  } catch {
    // No /proc: a system of another kind.
    return (spawnSync("ps", ["-o", "lstart=", "-p", `${pid}`], { encoding: "utf8" }).stdout ?? "").trim();
  }
}

/** A folder for the time of some work, and what has to end with this process. */
export interface Scratch {
  readonly folder: string;
  /** That process ends when this one does, however that may be. */
  readonly guard: (pid: number) => void;
  /** Removes the folder; the processes have ended by themselves. */
  readonly done: () => void;
}

/**
 * A folder whose name begins so. A shell waits beside this process and removes it, and ends the guarded processes, where
 * this one is killed before it is done: no signal handler hears of SIGKILL.
 */
export function openScratch(prefix: string): Scratch {
  const folder = mkdtempSync(prefix);
  const shell = spawn("sh", ["-c", GUARD, folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  // Without a shell the folder is removed by `done` all the same.
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  (shell.stdin as Socket).unref();
  return {
    folder,
    guard: (pid) => void shell.stdin.write(`${pid} ${startOf(pid)}\n`),
    done: () => {
      rmSync(folder, { recursive: true, force: true });
      shell.stdin.end("done\n");
    },
  };
}

/** Builds beside the target and renames, so that a half-built folder is never found by another process. */
async function buildAtomically(
  target: string,
  artefact: string,
  build: (folder: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const { folder, done } = openScratch(`${target}.`);
  try {
    await build(folder);
    await rename(folder, target);
  } catch (error) {
    // Another process may have won the race: what it built is the same.
    if (!existsSync(join(target, artefact))) throw error;
  } finally {
    done();
  }
}

const builds = new Map<string, Promise<void>>();

/**
 * Makes sure that the folder `target` holds `artefact`: `build` is given an empty folder, which becomes the
 * target when it succeeds. Built once, also when asked for from several sides at a time.
 */
export async function buildOnce(
  target: string,
  artefact: string,
  build: (folder: string) => Promise<void>,
): Promise<void> {
  if (existsSync(join(target, artefact))) return;
  const running = builds.get(target) ?? buildAtomically(target, artefact, build);
  builds.set(target, running);
  await running.finally(() => builds.delete(target));
}
