/** Predictions of a log, computed again: each byte is proven, or named with what it was to be. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ImageError } from "../../image/error.ts";
import { ModelError } from "../../ir/graph.ts";
import { EngineError } from "../../module/engine.ts";
import { DataError } from "../../runtime/data/dataset.ts";
import { load, type NodeModel } from "../../runtime/model/node.ts";
import type { Archive } from "./archive.ts";
import { decidedLabel, realOutputs } from "./decision.ts";
import { decodeEntry, type Entry, type Logged } from "./entry.ts";

export interface ReplayOptions {
  readonly log: string;
  readonly archive: Archive;
  /** Only predictions whose time begins so; those before them in a session are computed, too. */
  readonly at?: string;
  /** Another module or image, whose answers are told beside. */
  readonly other?: Uint8Array;
  readonly onFault?: (line: number, fault: string) => void;
  readonly onChange?: (change: Change) => void;
}

/** Another answer that another module gives. */
export interface Change {
  readonly line: number;
  readonly time: string;
  readonly was: Answer;
  readonly is: Answer;
}

export interface Answer {
  /** Undefined where the model decides nothing. */
  readonly label?: string;
  readonly values: readonly number[];
}

export interface ModuleReplay {
  readonly module: string;
  readonly file: string;
  readonly predictions: number;
}

export interface ReplaySummary {
  readonly predictions: number;
  readonly equal: number;
  readonly faults: number;
  readonly modules: readonly ModuleReplay[];
  /** With another module: predictions whose decision, or one of whose values, differs. */
  readonly decisionsChanged?: number;
  readonly valuesChanged?: number;
}

interface Opened {
  readonly model: NodeModel;
  readonly file: string;
  predictions: number;
}

/** A model of its own for each session, so that its state is the session's. */
interface Session {
  readonly model: NodeModel;
  readonly other: NodeModel | undefined;
  next: number;
}

/** Sessions that are held open at a time: a log goes on with few of them. */
const SESSIONS_MOST = 256;

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function difference(expected: Uint8Array, found: Uint8Array, what: string): string | undefined {
  if (expected.length !== found.length)
    return `${what}: expected ${found.length} bytes of the module, found ${expected.length} in the log`;
  const at = expected.findIndex((byte, i) => byte !== found[i]);
  if (at < 0) return undefined;
  const hex = (bytes: Uint8Array): string => `0x${bytes[at]!.toString(16).padStart(2, "0")}`;
  return `${what}, byte ${at}: the log has ${hex(expected)}, the module gives ${hex(found)}`;
}

/** Computes one inference. Throws RangeError or DataError where the input is none of the model's. */
function compute(model: NodeModel, input: Logged): Float32Array {
  if ("values" in input) return model.predictBatch(input.values, 1);
  if (input.raw.length !== model.inputs.length)
    throw new DataError(`input: expected ${model.inputs.length} tensors, found ${input.raw.length}`);
  input.raw.forEach((bytes, i) => {
    const { raw } = model.inputs[i]!;
    if (bytes.length !== raw.byteLength)
      throw new DataError(`input ${i}: expected ${raw.byteLength} bytes, found ${bytes.length}`);
    new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength).set(bytes);
  });
  model.invoke();
  return realOutputs(
    model,
    model.outputs.map(({ raw }) => raw),
  );
}

function outputFault(model: NodeModel, output: Logged, values: Float32Array): string | undefined {
  if ("values" in output) return difference(bytesOf(output.values), bytesOf(values), "output");
  if (output.raw.length !== model.outputs.length)
    return `output: expected ${model.outputs.length} tensors, found ${output.raw.length}`;
  for (const [i, { raw }] of model.outputs.entries()) {
    const found = new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
    const fault = difference(output.raw[i]!, found, `output ${i}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function answerOf(model: NodeModel, input: Logged, values: Float32Array): Answer {
  const label = decidedLabel(model, input, values);
  return { ...(label !== undefined && { label }), values: [...values] };
}

const isKnown = (error: unknown): error is Error =>
  error instanceof DataError ||
  error instanceof ModelError ||
  error instanceof ImageError ||
  error instanceof EngineError ||
  error instanceof RangeError;

class Replay {
  private readonly modules = new Map<string, Opened>();
  private readonly sessions = new Map<string, Session>();
  private readonly counts = { predictions: 0, equal: 0, faults: 0, decisions: 0, values: 0 };

  private readonly options: ReplayOptions;

  constructor(options: ReplayOptions) {
    this.options = options;
  }

  /** The module's own kernels, not those that servers have in their place: another way to the same bytes. */
  private async opened(hash: string): Promise<Opened> {
    const known = this.modules.get(hash);
    if (known) return known;
    const { file, bytes } = this.options.archive.find(hash);
    const made = { model: await load(bytes, { twins: false }), file, predictions: 0 };
    this.modules.set(hash, made);
    return made;
  }

  private async session({ module, session, step }: Entry): Promise<Session> {
    const name = `${module} ${session}`;
    const known = this.sessions.get(name);
    const found = known ?? {
      model: await load(this.options.archive.find(module).bytes, { twins: false }),
      other: this.options.other && (await load(this.options.other, { twins: false })),
      next: 0,
    };
    if (step !== found.next)
      throw new DataError(
        `session "${session}": expected step ${found.next}, found ${step}: lines before it are missing`,
      );
    found.next++;
    this.sessions.delete(name);
    this.sessions.set(name, found);
    if (this.sessions.size > SESSIONS_MOST) this.sessions.delete(this.sessions.keys().next().value!);
    return found;
  }

  private compare(line: number, { input, time }: Entry, session: Session, values: Float32Array): void {
    const { model, other } = session;
    if (!other) return;
    const [was, is] = [answerOf(model, input, values), answerOf(other, input, compute(other, input))];
    const isOther = was.label !== is.label;
    this.counts.decisions += Number(isOther);
    this.counts.values += Number(was.values.join() !== is.values.join());
    if (isOther) this.options.onChange?.({ line, time, was, is });
  }

  private async one(line: number, text: string): Promise<void> {
    const entry = decodeEntry(text);
    const isAsked = entry.time.startsWith(this.options.at ?? "");
    const opened = await this.opened(entry.module);
    const session = await this.session(entry);
    const values = compute(session.model, entry.input);
    if (!isAsked) return;
    this.counts.predictions++;
    opened.predictions++;
    const fault = outputFault(session.model, entry.output, values);
    if (fault !== undefined) throw new DataError(fault);
    this.counts.equal++;
    this.compare(line, entry, session, values);
  }

  /** Reads the log to its end. Faults of lines are told one by one; other errors are thrown. */
  async run(): Promise<ReplaySummary> {
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(this.options.log) })) {
      line++;
      if (text === "") continue;
      try {
        await this.one(line, text);
      } catch (error) {
        if (!isKnown(error)) throw error;
        this.counts.faults++;
        this.options.onFault?.(line, error.message);
      }
    }
    const { predictions, equal, faults, decisions, values } = this.counts;
    const modules = [...this.modules].map(([module, { file, predictions: n }]) => ({
      module,
      file,
      predictions: n,
    }));
    return {
      predictions,
      equal,
      faults,
      modules,
      ...(this.options.other && { decisionsChanged: decisions, valuesChanged: values }),
    };
  }
}

/** Computes the predictions of a log again. */
export const replay = (options: ReplayOptions): Promise<ReplaySummary> => new Replay(options).run();
