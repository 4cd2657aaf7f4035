/** One part of a batch: its rows, the model's answers to them, and the file with these. */

import { basename } from "node:path";
import { DataError } from "../../runtime/data/dataset.ts";
import type { Decided, NodeModel } from "../../runtime/model/node.ts";
import { encodeEntry } from "../log/entry.ts";
import { writeWhole } from "./files.ts";
import type { BadRow, Part } from "./format.ts";
import { formatOf } from "./formats.ts";
import { type Answers, scoreNames, shapeOf } from "./rows.ts";

export interface PartTask {
  readonly part: Part;
  /** The file of its answers; its bad rows go to another beside it. */
  readonly target: string;
  /** False: a bad row ends the batch. */
  readonly takesBad: boolean;
  readonly staging: string;
  /** Whether the predictions are told as lines of a log, and the time that these have. */
  readonly logs?: string;
}

export interface PartDone {
  readonly rows: number;
  readonly bad: number;
  /** Lines of a log. */
  readonly log?: string;
}

export const badFileOf = (target: string): string => `${target}.bad`;

function answersOf(model: NodeModel, values: Float32Array): Answers {
  const { inputLength, outputLength, inputs } = model;
  const rows = values.length / inputLength;
  // A module may remember rows: answers must not depend on the part that its thread had before.
  model.reset();
  const scores = model.predictBatch(values, rows);
  const first = inputs[0]!.raw.length;
  const all: Decided[] = [];
  for (let i = 0; i < rows && decides(model); i++) {
    const from = i * inputLength;
    const decided = model.decide(scores, i * outputLength, values.subarray(from, from + first));
    if (decided) all.push(decided);
  }
  return {
    names: scoreNames(model),
    scores,
    ...(all.length === rows && decides(model) && { decided: all }),
    module: model.hash,
  };
}

const decides = ({ outputs }: NodeModel): boolean =>
  outputs.some(({ decision = "none" }) => decision !== "none");

const badLines = (file: string, bad: readonly BadRow[]): Uint8Array =>
  Buffer.from(
    bad
      .map(({ row, reason, values }) => `${JSON.stringify({ input: file, row, reason, values })}\n`)
      .join(""),
  );

/** A line for each row; the rows of a part are one session, since a module that remembers begins anew with it. */
function logLines(
  model: NodeModel,
  values: Float32Array,
  scores: Float32Array,
  session: string,
  time: string,
): string {
  const { inputLength, outputLength, hash } = model;
  const lines = Array.from({ length: values.length / inputLength }, (_, step) =>
    encodeEntry({
      module: hash,
      time,
      session,
      step,
      input: { values: values.slice(step * inputLength, (step + 1) * inputLength) },
      output: { values: scores.slice(step * outputLength, (step + 1) * outputLength) },
    }),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** Predicts a part and writes it. Throws DataError where a row is bad and none may be, or the file has changed. */
export async function predictPart(model: NodeModel, task: PartTask): Promise<PartDone> {
  const { part, target, takesBad, staging } = task;
  const { values, bad, write } = await (await formatOf(part.file)).read(part, shapeOf(model));
  if (bad.length > 0 && !takesBad) throw new DataError(bad[0]!.reason);
  const answers = answersOf(model, values);
  const bytes = await write(answers);
  // The part is there only when what it left out is.
  if (bad.length > 0) writeWhole(badFileOf(target), badLines(part.file, bad), staging);
  writeWhole(target, bytes, staging);
  const rows = values.length / model.inputLength;
  const log =
    task.logs === undefined
      ? undefined
      : logLines(model, values, answers.scores, basename(target), task.logs);
  return { rows, bad: bad.length, ...(log !== undefined && { log }) };
}
