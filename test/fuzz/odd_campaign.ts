/**
 * Odd modules (odd_modules.ts) through the firmware core under the address and undefined-behaviour sanitizers. Each has
 * to be refused, or to run clean; host and device have to agree about which, and V8 about what comes out.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { buildPosix } from "../../host/firmware/posix_build.ts";
import { ModelError } from "../../host/ir/graph.ts";
import { checkSubset } from "../../host/module/subset.ts";
import { STATUS } from "../support/signed_images.ts";
import { type OddModule, oddModule } from "./odd_modules.ts";

/** Every so many get little RAM, so that memory ends anywhere. */
const LITTLE_RAM_EVERY = 5;
const RAM_BYTES = 65536;
/** Every so many run in V8 too. */
const V8_EVERY = 4;
const IN_FLIGHT = 500;
const PROGRESS_EVERY = 20_000;

export interface Counts {
  refused: number;
  invalid: number;
  noRam: number;
  trapped: number;
  ran: number;
  comparedWithV8: number;
}

/** What the program says about a module: `invoked` is the status of the first invocation that failed, or 0. */
interface Answer {
  readonly opened: number;
  readonly invoked: number;
  readonly checksum: number;
}

const seedOf = (index: number): string => process.env["FUZZ_REPLAY"] ?? `odd:${index}`;

const ramOf = (index: number): number =>
  index % LITTLE_RAM_EVERY === 0 ? 2500 + ((index * 7919) % 12_000) : RAM_BYTES;

/** undefined where the host accepts the module. */
function refusal(bytes: Uint8Array): string | undefined {
  try {
    checkSubset(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    throw error;
  }
}

function hash(state: number, bytes: Uint8Array): number {
  let sum = state;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

/** The part of memory that the module's exports call this tensor, or undefined where it has none. */
function tensor(exports: WebAssembly.Exports, name: string): Uint8Array | undefined {
  const [offset, bytes] = [exports[name], exports[`${name}_bytes`]] as (WebAssembly.Global | undefined)[];
  if (offset === undefined || bytes === undefined) return undefined;
  const memory = exports["memory"] as WebAssembly.Memory;
  return new Uint8Array(memory.buffer, offset.value as number, bytes.value as number);
}

/** The outputs' checksum of two inferences in V8, or undefined where one of them traps. */
function checksumInV8(bytes: Uint8Array): number | undefined {
  // An alignment beyond what the access has is all that V8 refuses and the subset does not look at.
  if (!WebAssembly.validate(new Uint8Array(bytes))) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
  const invoke = exports["invoke"] as () => number;
  let sum = 0x811c9dc5;
  for (const value of [0, 1]) {
    tensor(exports, "input_0")!.fill(value);
    try {
      if (invoke() !== 0) return undefined;
    } catch {
      return undefined;
    }
    sum = hash(sum, tensor(exports, "output_0")!);
  }
  return sum;
}

function check(index: number, { bytes, oddity }: OddModule, answer: Answer, counts: Counts): void {
  const where = `FUZZ_REPLAY=${seedOf(index)} (${oddity})`;
  const why = refusal(bytes);
  const isScanRefusal = [STATUS.MODULE, STATUS.IMPORT, STATUS.START].some(
    (status) => status === answer.opened,
  );
  if (!WebAssembly.validate(new Uint8Array(bytes))) counts.invalid++;
  // What the ABI or a lack of RAM forbids, the subset does not know.
  if (why !== undefined) {
    assert.ok(isScanRefusal, `${where}: the host says "${why}", the device ${answer.opened}`);
    counts.refused++;
    return;
  }
  if (answer.opened === STATUS.RAM && index % LITTLE_RAM_EVERY === 0) counts.noRam++;
  else if (answer.opened === STATUS.EXPORT || answer.opened === STATUS.ABI) counts.refused++;
  else {
    assert.equal(answer.opened, STATUS.OK, `${where}: the host accepts it, the device says ${answer.opened}`);
    if (answer.invoked === STATUS.OK) counts.ran++;
    else counts.trapped++;
    if (answer.invoked !== STATUS.OK || index % V8_EVERY !== 0) return;
    const expected = checksumInV8(bytes);
    if (expected === undefined) return;
    assert.equal(answer.checksum, expected, `${where}: V8's outputs have another checksum`);
    counts.comparedWithV8++;
  }
}

function parseAnswer(line: string): Answer {
  const [opened, invoked, checksum] = line.split(" ").map(Number);
  return { opened: opened!, invoked: invoked!, checksum: checksum! };
}

/** The modules with these numbers, or the one of FUZZ_REPLAY. */
export async function runOddModules(from: number, to: number): Promise<Counts> {
  const program = await buildPosix({ sanitize: true });
  const child = spawn(program, ["--modules"]);
  const closed = once(child, "close");
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  const counts: Counts = { refused: 0, invalid: 0, noRam: 0, trapped: 0, ran: 0, comparedWithV8: 0 };
  const pending: { index: number; module: OddModule }[] = [];
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const settle = async (): Promise<void> => {
    const { value, done } = await answers.next();
    const { index, module } = pending.shift()!;
    if (done) {
      await closed;
      assert.fail(`FUZZ_REPLAY=${seedOf(index)} (${module.oddity}): ${stderr.slice(-3000)}`);
    }
    check(index, module, parseAnswer(value as string), counts);
    if (index % PROGRESS_EVERY === 0 && index > from)
      process.stderr.write(`${index - from} of ${to - from} odd modules: ${JSON.stringify(counts)}\n`);
  };
  for (let index = from; index < to; index++) {
    const module = oddModule(seedOf(index));
    const head = Buffer.alloc(8);
    head.writeUInt32LE(ramOf(index), 0);
    head.writeUInt32LE(module.bytes.length, 4);
    child.stdin.write(Buffer.concat([head, module.bytes]));
    pending.push({ index, module });
    if (pending.length > IN_FLIGHT) await settle();
  }
  child.stdin.end();
  while (pending.length > 0) await settle();
  const [status] = (await closed) as [number | null];
  assert.equal(status, 0, stderr.slice(-3000));
  return counts;
}
