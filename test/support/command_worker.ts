/** The command line in a thread that stays: what the first command has loaded and compiled, the next ones have. */
import { type MessagePort, workerData } from "node:worker_threads";
import { main } from "../../host/cli/main.ts";

/** The line to the asking thread: commands come and answers go by `port`, and the asker sleeps on `bell`. */
export interface Line {
  readonly port: MessagePort;
  /** 1 as soon as an answer lies at the port. */
  readonly bell: Int32Array;
}

/** A command's end. */
export interface Answer {
  readonly status: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** Collects what is written to a stream, until it is taken. */
function collect(stream: NodeJS.WriteStream): () => Uint8Array {
  let chunks: Buffer[] = [];
  stream.write = (chunk: string | Uint8Array): boolean => {
    chunks.push(Buffer.from(chunk));
    return true;
  };
  return () => {
    const taken = new Uint8Array(Buffer.concat(chunks));
    chunks = [];
    return taken;
  };
}

const { port, bell } = workerData as Line;
const [stdout, stderr] = [collect(process.stdout), collect(process.stderr)];

port.on("message", async (args: readonly string[]) => {
  const status = await main(args);
  const answer: Answer = { status, stdout: stdout(), stderr: stderr() };
  port.postMessage(answer);
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
});
