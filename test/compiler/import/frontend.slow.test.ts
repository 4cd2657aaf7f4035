/** All features and both words of the recordings, on every engine. */
import { describe, test } from "node:test";
import type { Engine } from "../../../host/module/engine.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { qemu, qemuEngine } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import {
  expectFeatures,
  expectWord,
  framesOf,
  NO,
  preprocessorGraph,
  speechGraph,
  withoutRecordings,
  YES,
} from "./recordings.ts";

const engines: readonly (readonly [name: string, engine: Engine])[] = [
  ["v8", v8],
  ["wasm3", wasm3],
  ["native kernels in QEMU", qemu],
  ["portable kernels in QEMU", qemuEngine({ native: false })],
];

describe("a second of speech, frame by frame, is what TensorFlow Lite Micro makes of it", {
  skip: withoutRecordings,
}, async () => {
  if (withoutRecordings) return;
  const graphs = [preprocessorGraph(), speechGraph()] as const;
  const [features, speech] = await Promise.all(graphs.map((graph) => compileGraph(graph)));

  test("on the reference interpreter", () => {
    for (const file of [YES, NO]) {
      expectFeatures(file, runReference(graphs[0], framesOf(file)));
      expectWord(file, runReference(graphs[1], framesOf(file)));
    }
  });

  for (const [name, engine] of engines) {
    const found = await engine.availability();
    const skip = found.available ? false : `${found.reason}; install: ${found.install}`;
    test(`on ${name}`, { skip }, async () => {
      for (const file of [YES, NO]) {
        expectFeatures(file, await engine.run(features!, framesOf(file)));
        expectWord(file, await engine.run(speech!, framesOf(file)));
      }
    });
  }
});
