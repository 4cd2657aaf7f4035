/** The vectors of test/gen/motion_vectors.py, the graphs of their parameters, and what both engines and numpy make of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Definition,
  type Frontend,
  featureSnr,
} from "../../../../host/compiler/import/frontends/definition.ts";
import { readFields } from "../../../../host/compiler/import/frontends/fields.ts";
import { spectralFrontend } from "../../../../host/compiler/import/frontends/spectral.ts";
import { statisticsFrontend } from "../../../../host/compiler/import/frontends/statistics.ts";
import { elements, fromBytes, perTensor, tensorOf } from "../../../../host/ir/graph.ts";
import { checkQuantized } from "../../../../host/ops/spec.ts";
import { compileGraph } from "../../../../host/pipeline.ts";
import { root } from "../../../../host/root.ts";
import { qemu } from "../../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../../host/runtime/engines/wasm3.ts";

export interface MotionSet {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly frames: readonly (readonly number[])[];
}

const vectors = JSON.parse(readFileSync(join(root, "test/vectors/frontends/motion.json"), "utf8")) as {
  readonly samples: readonly (readonly number[])[];
  readonly sets: readonly MotionSet[];
};

export const setsOf = (type: string): readonly MotionSet[] =>
  vectors.sets.filter(({ parameters }) => parameters.type === type);

const FRONTENDS: Readonly<Record<string, typeof spectralFrontend>> = {
  spectral: spectralFrontend,
  statistics: statisticsFrontend,
};

export function frontendOf(parameters: object): Frontend {
  const fields = readFields(parameters, "front-end");
  const made = FRONTENDS[fields.oneOf("type", Object.keys(FRONTENDS))]!(fields);
  return { ...made, graph: checkQuantized(made.graph, "front-end") };
}

/** Samples of each inference, one moment after the other. */
function windowsOf({ graph }: Frontend): Int16Array[] {
  const { shape, stream } = tensorOf(graph, graph.inputs[0]!);
  const samples = Int16Array.from(vectors.samples.flat());
  const [taken, hop] = [elements(shape), stream!.hop * stream!.channels];
  return Array.from({ length: Math.floor((samples.length - taken) / hop) + 1 }, (_, i) =>
    samples.slice(i * hop, i * hop + taken),
  );
}

const inputsOf = (frontend: Frontend): [Uint8Array][] =>
  windowsOf(frontend).map((values) => [new Uint8Array(values.buffer)]);

/** Features in real numbers that the integers stand for. */
export function valuesOf(frontend: Frontend): number[][] {
  const output = tensorOf(frontend.graph, frontend.graph.outputs[0]!);
  const { scale, zeroPoint } = perTensor(output);
  return runReference(frontend.graph, inputsOf(frontend)).map(([bytes]) =>
    Array.from(fromBytes(output.dtype, bytes!), (x) => (x - zeroPoint) * scale),
  );
}

/** Tests that real numbers are numpy's, within what eight digits tell. */
export function definitionEquals({ name, parameters, frames }: MotionSet): void {
  test(`${name}: real numbers are numpy's and scipy's`, () => {
    const frontend = frontendOf(parameters);
    const { definition }: { definition: Definition } = frontend;
    const found = windowsOf(frontend).map((samples) => definition(samples));
    assert.equal(found.length, frames.length, "frames");
    const wrong = found.flatMap((row, i) =>
      row.flatMap((x, k) =>
        Math.abs(x - frames[i]![k]!) <= 1e-6 * Math.max(1, Math.abs(x)) ? [] : [[i, k, x]],
      ),
    );
    assert.deepEqual(wrong, []);
  });
}

/** Tests the ratio of signal to noise of each feature over all frames, in dB: the least of a channel's features in order. */
export function snrReaches({ name, parameters, frames }: MotionSet, least: readonly number[]): void {
  test(`${name}: dB of each feature beside numpy`, () => {
    const found = featureSnr(valuesOf(frontendOf(parameters)), frames);
    const count = found.length / 3;
    const worst = Array.from({ length: count }, (_, k) =>
      Math.min(found[k]!, found[count + k]!, found[2 * count + k]!),
    );
    const wrong = worst.flatMap((x, k) => (x >= least[Math.min(k, least.length - 1)]! ? [] : [[k, x]]));
    assert.deepEqual(wrong, [], worst.map((x) => x.toFixed(1)).join(" "));
  });
}

const firmware = await qemu.availability();
const withoutFirmware = firmware.available ? false : `${firmware.reason}; install: ${firmware.install}`;

/** Tests that features have the reference's bytes on each engine. */
export function bytesEqual({ name, parameters }: Omit<MotionSet, "frames">): void {
  const frontend = frontendOf(parameters);
  const inputs = inputsOf(frontend);
  const expected = runReference(frontend.graph, inputs).map(([bytes]) => Uint8Array.from(bytes!));
  const compiled = compileGraph(frontend.graph);
  for (const [engine, skip] of [
    [v8, false],
    [wasm3, false],
    [qemu, withoutFirmware],
  ] as const)
    test(`${name}: bytes on ${engine.name}`, { skip }, async () => {
      const found = await engine.run(await compiled, inputs);
      assert.deepEqual(
        found.map(([bytes]) => Uint8Array.from(bytes!)),
        expected,
      );
    });
}
