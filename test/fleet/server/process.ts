/** `thimble serve` in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../support/program.js", import.meta.url));

export interface ServerProcess {
  readonly url: string;
  /** Only where the state is new. */
  readonly manage?: string;
  readonly gateway?: string;
  readonly pid: number;
  /** Sends the signal; resolves with the exit status when the process is gone, null where it was killed. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Resolves when the server listens; rejects with what it says on stderr where it does not. */
export async function startServer(args: readonly string[]): Promise<ServerProcess> {
  const child: ChildProcess = spawn(process.execPath, [program, "serve", "--port", "0", "--json", ...args]);
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let complaints = "";
  child.stderr!.on("data", (data: Buffer) => {
    complaints += data.toString("utf8");
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).once("line", resolve);
    child.once("close", (status) => reject(new Error(`serve: status ${status}: ${complaints}`)));
  });
  return {
    ...(JSON.parse(line) as { url: string; manage?: string; gateway?: string }),
    pid: child.pid!,
    end(signal) {
      child.kill(signal);
      return exit;
    },
  };
}
