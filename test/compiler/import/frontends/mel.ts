/** The vectors of test/gen/mel_vectors.py, the graphs of their parameters, and their frames. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Frontend } from "../../../../host/compiler/import/frontends/definition.ts";
import { readFields } from "../../../../host/compiler/import/frontends/fields.ts";
import {
  logMelFrontend,
  mfccFrontend,
  wakewordFrontend,
} from "../../../../host/compiler/import/frontends/log_mel.ts";
import { type Graph, tensorOf } from "../../../../host/ir/graph.ts";
import { checkQuantized } from "../../../../host/ops/spec.ts";
import { compileGraph } from "../../../../host/pipeline.ts";
import { root } from "../../../../host/root.ts";
import { qemu } from "../../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../../host/runtime/engines/wasm3.ts";

export type Rows = readonly (readonly number[])[];

export interface MelSet {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly chirp: Rows;
  /** Every fourth frame. */
  readonly speech: Rows;
}

export const { samples, sets } = JSON.parse(
  readFileSync(join(root, "test/vectors/frontends/mel.json"), "utf8"),
) as { readonly samples: readonly number[]; readonly sets: readonly MelSet[] };

export const chirp = Int16Array.from(samples);

const FRONTENDS: Readonly<Record<string, typeof logMelFrontend>> = {
  "log-mel": logMelFrontend,
  mfcc: mfccFrontend,
  "mlperf-sww": wakewordFrontend,
};

export function frontendOf(parameters: MelSet["parameters"]): Frontend {
  const fields = readFields(parameters, "front-end");
  return FRONTENDS[fields.oneOf("type", Object.keys(FRONTENDS))]!(fields);
}

export const graphOf = (parameters: MelSet["parameters"]): Graph =>
  checkQuantized(frontendOf(parameters).graph, "front-end");

/** Inputs of a front-end: every n-th frame of the samples. */
export function framesOf(graph: Graph, from: Int16Array, every = 1): [Uint8Array][] {
  const { shape, stream } = tensorOf(graph, graph.inputs[0]!);
  const [length, hop] = [shape[0]!, stream!.hop * every];
  const count = Math.floor((from.length - length) / hop) + 1;
  return Array.from({ length: count }, (_, i) => [
    new Uint8Array(from.slice(i * hop, i * hop + length).buffer),
  ]);
}

export const words = ([bytes]: readonly Uint8Array[]): Int16Array =>
  new Int16Array(Uint8Array.from(bytes!).buffer);

const firmware = await qemu.availability();
const withoutFirmware = firmware.available ? false : `${firmware.reason}; install: ${firmware.install}`;

/** Tests that a set's features have the reference's bytes on each engine. */
export function bytesEqual(set: MelSet): void {
  const graph = graphOf(set.parameters);
  const vectors = framesOf(graph, chirp, 4);
  const expected = runReference(graph, vectors).map(words);
  const compiled = compileGraph(graph);
  for (const [engine, skip] of [
    [v8, false],
    [wasm3, false],
    [qemu, withoutFirmware],
  ] as const)
    test(`${set.name}: ${engine.name}`, { skip }, async () => {
      assert.deepEqual((await engine.run(await compiled, vectors)).map(words), expected);
    });
}
