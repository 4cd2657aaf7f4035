/** Mutants of modules that the pipeline made: their sections, and the document in the custom one. */
import { decode, encode } from "cborg";
import { compileModule } from "../../host/compiler/compile/index.ts";
import { emitAssemblyScript } from "../../host/compiler/emit/assemblyscript.ts";
import { describeModule } from "../../host/compiler/emit/describe_module.ts";
import { lower } from "../../host/compiler/plan/lower.ts";
import { planMemory } from "../../host/compiler/plan/memory.ts";
import { DESCRIPTOR_SECTION } from "../../host/module/descriptor_table.ts";
import { SECTION_NAME } from "../../host/module/metadata.ts";
import { addCustomSection, customSection, readSections } from "../../host/module/sections.ts";
import { applyEdits, byteEdits, type Edit } from "./bytes.ts";
import { loadCorpus, type Model } from "./corpus.ts";
import { runStages } from "./outcome.ts";
import { type Random, seeded } from "./random.ts";
import { editTree } from "./tree.ts";

export interface ModuleMutant {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Whether its code is as it was made, so that running it can't take for ever. */
  readonly isRunnable: boolean;
}

const MODELS = ["logistic_regression.onnx", "networks_009_two_outputs"];
/** In place of any value of the document, which has no types of its own. */
const FOREIGN = [
  null,
  undefined,
  "",
  0,
  -1,
  1.5,
  2 ** 53,
  1n << 63n,
  Number.NaN,
  true,
  [],
  {},
  new Uint8Array(3),
  [[]],
];

async function moduleOf({ bytes, format, name }: Model): Promise<Uint8Array> {
  const { graph } = runStages(bytes, format);
  if (!graph) throw new Error(`${name}: expected a model small enough for a module`);
  const program = lower(graph);
  const plan = planMemory(program);
  const provenance = {
    name,
    version: "1.0.0",
    sourceFile: name,
    sourceSha256: "00".repeat(32),
    compiler: "fuzz",
  };
  const tests = [{ seed: 1, outputs: [new Uint8Array(2)] }];
  const metadata = describeModule(program, plan, provenance, new Map(), tests);
  return compileModule(emitAssemblyScript(program, plan, provenance, []), program, plan, metadata);
}

function without(module: Uint8Array, name: string): Uint8Array {
  const section = readSections(module).find((candidate) => candidate.name === name)!;
  return Buffer.concat([module.subarray(0, section.offset), module.subarray(section.end)]);
}

/** A change of one section whose length is put right, so that the sections behind it are still found. */
const sectionEdit: Edit = (bytes, random) => {
  let section: ReturnType<typeof readSections>[number];
  try {
    section = random.pick(readSections(bytes));
  } catch {
    return bytes;
  }
  const contents = applyEdits(bytes.subarray(section.start, section.end), byteEdits, random);
  if (section.name !== undefined)
    return Buffer.concat([bytes.subarray(0, section.start), contents, bytes.subarray(section.end)]);
  const length = [
    (contents.length & 0x7f) | 0x80,
    ((contents.length >> 7) & 0x7f) | 0x80,
    contents.length >> 14,
  ];
  return Buffer.concat([
    bytes.subarray(0, section.offset + 1),
    Uint8Array.from(length),
    contents,
    bytes.subarray(section.end),
  ]);
};

function descriptorMutant(module: Uint8Array, random: Random): Uint8Array {
  const contents = applyEdits(customSection(module, DESCRIPTOR_SECTION)!, byteEdits, random);
  return addCustomSection(without(module, DESCRIPTOR_SECTION), DESCRIPTOR_SECTION, contents);
}

function documentMutant(module: Uint8Array, id: string): Uint8Array {
  const random = seeded(id);
  if (random.below(3) === 0) return descriptorMutant(module, random);
  const document = decode(customSection(module, SECTION_NAME)!) as Record<string, unknown>;
  let contents: Uint8Array;
  if (random.below(3) === 0) contents = applyEdits(encode(document), byteEdits, random);
  else {
    editTree(document, random, [], FOREIGN);
    contents = encode(document);
  }
  return addCustomSection(without(module, SECTION_NAME), SECTION_NAME, contents);
}

/** Every other mutant is one of the document, or of the descriptor. */
export async function moduleCases() {
  const corpus = loadCorpus().filter(({ name }) => MODELS.includes(name));
  const modules = new Map<string, Uint8Array>();
  for (const model of corpus) modules.set(model.name, await moduleOf(model));
  const names = [...modules.keys()];
  const idOf = (index: number): string =>
    `${names[index % names.length]}:${Math.floor(index / names.length)}`;
  const mutant = (id: string): ModuleMutant => {
    const colon = id.lastIndexOf(":");
    const module = modules.get(id.slice(0, colon));
    if (!module) throw new Error(`FUZZ_REPLAY: expected NAME:SEED with NAME among ${names}, found ${id}`);
    if (Number(id.slice(colon + 1)) % 2 === 0)
      return { id, bytes: documentMutant(module, id), isRunnable: true };
    return {
      id,
      bytes: applyEdits(module, [...byteEdits, sectionEdit, sectionEdit], seeded(id)),
      isRunnable: false,
    };
  };
  return { idOf, mutant };
}
