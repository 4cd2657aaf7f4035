/** Case number -> mutated model file. The id alone makes the same bytes again, in any run. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { applyEdits, byteEdits, type Edit } from "./bytes.ts";
import { loadCorpus, type Model } from "./corpus.ts";
import { seeded } from "./random.ts";
import { structureEdit } from "./tflite_sites.ts";
import { editTree } from "./tree.ts";

export interface Mutant {
  readonly id: string;
  readonly format: Model["format"];
  readonly bytes: Uint8Array;
}

/** Names that say which field of a oneof is set must fit the field. */
const FIXED_KEYS = ["$typeName", "$unknown", "case"];

/** Field by field, and written anew: lengths and tags are right, what they frame is not. */
const protobufEdit: Edit = (bytes, random) => {
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    editTree(model as unknown as Record<string, unknown>, random, FIXED_KEYS, []);
    return toBinary(ModelProtoSchema, model);
  } catch {
    // Not a model any more, or a value that its field can't hold: damage of the other kind instead.
    return applyEdits(bytes, byteEdits, random);
  }
};

/** Edits that keep the format's structure get past the reader, to the checks behind it. */
const structuredEdits = ({ format, bytes }: Model): readonly Edit[] => [
  format === "onnx" ? protobufEdit : structureEdit(bytes),
];

/** Mutants by id; the corpus is read once. */
export function modelCases() {
  const corpus = loadCorpus();
  const byName = new Map(corpus.map((model) => [model.name, { model, structured: structuredEdits(model) }]));
  const tflite = corpus.filter(({ format }) => format === "tflite");
  const onnx = corpus.filter(({ format }) => format === "onnx");
  /** Every third mutant is an ONNX file. */
  const idOf = (index: number): string => {
    const list = index % 3 === 2 ? onnx : tflite;
    const turn = index % 3 === 2 ? Math.floor(index / 3) : index - Math.floor(index / 3);
    return `${list[turn % list.length]!.name}:${Math.floor(turn / list.length)}`;
  };
  const mutant = (id: string): Mutant => {
    const found = byName.get(id.slice(0, id.lastIndexOf(":")));
    if (!found) throw new Error(`FUZZ_REPLAY: expected NAME:SEED with a model of the corpus, found ${id}`);
    const { model, structured } = found;
    const random = seeded(id);
    const edits = random.below(3) === 0 ? byteEdits : structured;
    return { id, format: model.format, bytes: applyEdits(model.bytes, edits, random) };
  };
  return { idOf, mutant };
}
