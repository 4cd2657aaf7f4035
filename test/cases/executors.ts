import { importTflite } from "../../host/compiler/import/tflite/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { MACHINE_NAMES, MACHINES } from "../../host/firmware/qemu_machines.ts";
import type { Vector } from "../../host/ir/graph.ts";
import { fromBytes, type Graph, tensorOf, toBytes } from "../../host/ir/graph.ts";
import { encodeDescriptor } from "../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION, TYPE_CODES } from "../../host/module/descriptor_table.ts";
import type { Engine } from "../../host/module/engine.ts";
import { addCustomSection } from "../../host/module/sections.ts";
import { borderOf, dequantizeBytes, quantizeToBytes } from "../../host/ops/border.ts";
import { bordersOf } from "../../host/ops/graph_borders.ts";
import { checkGraph, checkQuantized } from "../../host/ops/spec.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { qemuEngine } from "../../host/runtime/engines/qemu.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { load } from "../../host/runtime/model/node.ts";
import { runWithinBound } from "../support/native_stack.ts";
import type { Case, Executor } from "./table.ts";

const imported = ({ name, model }: Case): Graph => checkGraph(importTflite(model, name), "import");

/** The reference interpreter on the imported graph as it is, float borders included. */
export const reference: Executor = {
  name: "reference",
  skip: async () => undefined,
  run: async (testCase) =>
    runReference(
      imported(testCase),
      testCase.vectors.map(({ inputs }) => inputs),
    ),
};

/** Float bytes at a border that the compiler has stripped, to and from the module's own. */
const border = (before: Graph, after: Graph) => ({
  inputs: (vector: Vector): Vector =>
    vector.map((bytes, i) => {
      if (tensorOf(before, before.inputs[i]!).dtype !== "float32") return bytes;
      const real = fromBytes("float32", bytes) as Float32Array;
      return quantizeToBytes(real, borderOf(tensorOf(after, after.inputs[i]!)));
    }),
  outputs: (vector: Vector): Vector =>
    vector.map((bytes, i) => {
      if (tensorOf(before, before.outputs[i]!).dtype !== "float32") return bytes;
      const tensor = tensorOf(after, after.outputs[i]!);
      return toBytes(dequantizeBytes(bytes, borderOf(tensor)));
    }),
});

/** The compiled module on an engine. */
const compiled = (engine: Engine, name: string = engine.name): Executor => ({
  name,
  async skip() {
    const availability = await engine.availability();
    return availability.available ? undefined : `${availability.reason}; install: ${availability.install}`;
  },
  async run(testCase) {
    const before = imported(testCase);
    const after = checkQuantized(simplify(before), "simplify");
    const convert = border(before, after);
    const outputs = await engine.run(
      await compileGraph(after),
      testCase.vectors.map(({ inputs }) => convert.inputs(inputs)),
    );
    return outputs.map(convert.outputs);
  },
});

export const compiledV8 = compiled(v8);
export const compiledWasm3 = compiled(wasm3);

/** The firmware on each emulated microcontroller, with native kernels and with the module's own. */
const emulated = MACHINE_NAMES.flatMap((machine) =>
  [true, false].map((native) =>
    compiled(
      qemuEngine({ machine, native }),
      `${MACHINES[machine].engine}, ${native ? "native" : "portable"} kernels`,
    ),
  ),
);

/** Whether a descriptor has codes for the types of all inputs and outputs: what lies between layers has more types. */
export function hasDescriptor(testCase: Case): boolean {
  const { tensors, inputs, outputs } = imported(testCase);
  return [...inputs, ...outputs].every((name) => tensors.get(name)!.dtype in TYPE_CODES);
}

/** Node's runtime: the kernels of servers in the place of the module's own, where there are such. */
export const server: Executor = {
  name: "the runtime on a server",
  skip: async () => undefined,
  async run(testCase) {
    const before = imported(testCase);
    const after = checkQuantized(simplify(before), "simplify");
    const convert = border(before, after);
    const module = addCustomSection(
      await compileGraph(after),
      DESCRIPTOR_SECTION,
      encodeDescriptor(bordersOf(after)),
    );
    const model = await load(module);
    return testCase.vectors.map(({ inputs }) => {
      convert.inputs(inputs).forEach((bytes, i) => {
        model.inputs[i]!.raw.set(fromBytes(model.inputs[i]!.dtype, bytes));
      });
      model.invoke();
      return convert.outputs(model.outputs.map(({ raw }) => toBytes(raw.slice())));
    });
  },
};

/** In firmware as it is on ESP32, S2 and S3; what a module takes of the native stack has to be within the bound. */
const compiledQemuKept = (native: boolean): Executor =>
  compiled(
    {
      ...qemuEngine({ siblingCalls: false }),
      async run(module, vectors) {
        return (await runWithinBound(module, vectors, { native, siblingCalls: false })).outputs.slice();
      },
    },
    `qemu without sibling calls, ${native ? "native" : "portable"} kernels`,
  );

/** Everything that runs the whole table in `npm run test:slow`. */
export const executors: readonly Executor[] = [
  reference,
  compiledV8,
  compiledWasm3,
  ...emulated,
  compiledQemuKept(true),
  compiledQemuKept(false),
];
