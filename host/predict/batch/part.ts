/** One part of a batch: its rows, the model's answers to them, and the file with these. */

import { DataError } from "../../runtime/data/dataset.ts";
import type { Decided, NodeModel } from "../../runtime/model/node.ts";
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
}

export interface PartDone {
  readonly rows: number;
  readonly bad: number;
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
  return { rows: values.length / model.inputLength, bad: bad.length };
}
