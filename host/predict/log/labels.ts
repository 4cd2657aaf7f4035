/** Joins labels that came later with what lines of a log decided: by the SHA-256 of a line, or its session and step. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { isImage, parseImage } from "../../image/mcuboot.ts";
import { DataError } from "../../runtime/data/dataset.ts";
import { ARRAYS } from "../../runtime/model/model.ts";
import { load, type NodeModel } from "../../runtime/model/node.ts";
import type { Archive } from "./archive.ts";
import { decidedLabel, realOutputs } from "./decision.ts";
import { decodeEntry, type Entry, hashOfLine } from "./entry.ts";

export interface LabelledPrediction {
  /** SHA-256 of the line, in hex. */
  readonly prediction: string;
  readonly decided: string;
  readonly label: string;
}

export interface LabelledModule {
  /** The module's hash as the log has it. */
  readonly module: string;
  /** The archive's file of it, and the digest by which a server knows it; undefined where that is no image. */
  readonly file: string;
  readonly digest: string | undefined;
  readonly predictions: LabelledPrediction[];
}

interface Opened extends LabelledModule {
  readonly model: NodeModel;
}

/** The outputs' integers, from a log's bytes. Throws DataError where those are not the model's. */
const integersOf = ({ outputs }: NodeModel, logged: readonly Uint8Array[]) =>
  outputs.map(({ raw, dtype }, i) => {
    const bytes = logged[i];
    if (bytes?.length !== raw.byteLength)
      throw new DataError(`output ${i}: expected ${raw.byteLength} bytes, found ${bytes?.length ?? 0}`);
    return new ARRAYS[dtype](bytes.slice().buffer);
  });

/** The label that an entry's outputs decide for. Throws DataError where its model decides nothing, or they are not the model's. */
function decisionOf({ model, file }: Opened, { input, output }: Entry): string {
  const values = "values" in output ? output.values : realOutputs(model, integersOf(model, output.raw));
  if (values.length !== model.outputLength)
    throw new DataError(`output: expected ${model.outputLength} values, found ${values.length}`);
  const decided = decidedLabel(model, input, values);
  if (decided !== undefined) return decided;
  throw new DataError(`${file}: expected a model that decides for a class, found one that decides nothing`);
}

async function open(archive: Archive, module: string): Promise<Opened> {
  const { file, bytes } = archive.find(module);
  const digest = isImage(bytes) ? Buffer.from(parseImage(bytes).digest).toString("hex") : undefined;
  return { module, file, digest, predictions: [], model: await load(bytes, { twins: false }) };
}

/**
 * Finds the lines of logs that labels are of. Names of labels are SHA-256s of lines or SESSION:STEP. Throws DataError, which names
 * the line, where one is damaged, its module is missing or decides nothing.
 */
export async function labelledPredictions(
  logs: readonly string[],
  labels: ReadonlyMap<string, string>,
  archive: Archive,
): Promise<{ readonly modules: readonly LabelledModule[]; readonly missing: readonly string[] }> {
  const modules = new Map<string, Opened>();
  const [found, taken] = [new Set<string>(), new Set<string>()];
  for (const log of logs) {
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(log) })) {
      line++;
      if (text === "") continue;
      try {
        const entry = decodeEntry(text);
        const [prediction, place] = [hashOfLine(text), `${entry.session}:${entry.step}`];
        const name = labels.has(prediction) ? prediction : place;
        const label = labels.get(name);
        if (label === undefined) continue;
        const opened = modules.get(entry.module) ?? (await open(archive, entry.module));
        modules.set(entry.module, opened);
        // One line in two logs is one prediction.
        if (!taken.has(prediction))
          opened.predictions.push({ prediction, decided: decisionOf(opened, entry), label });
        taken.add(prediction);
        found.add(name);
      } catch (error) {
        if (error instanceof DataError) throw new DataError(`${log}:${line}: ${error.message}`);
        throw error;
      }
    }
  }
  return { modules: [...modules.values()], missing: [...labels.keys()].filter((name) => !found.has(name)) };
}
