/**
 * Costs of a model's monitor on an emulated microcontroller: the same inferences on the same values in the
 * same firmware, watched and not.
 */
import { watchOf } from "../../host/compiler/evaluate/watch.ts";
import { seededInputs } from "../../host/compiler/verify/vectors.ts";
import { MACHINES, type MachineName } from "../../host/firmware/qemu_machines.ts";
import { type FirmwareResult, runFirmware } from "../../host/firmware/qemu_run.ts";
import { generateKey, rawPublicKey } from "../../host/image/keys.ts";
import { type Graph, toBytes } from "../../host/ir/graph.ts";
import { EngineError } from "../../host/module/engine.ts";
import { addWatch, countedClasses } from "../../host/module/watch.ts";
import { dequantizeBytes, type Sample, toInputBytes } from "../../host/ops/border.ts";
import { bordersOf } from "../../host/ops/graph_borders.ts";
import type { Build } from "../../host/pipeline.ts";
import { flashOf } from "../../host/runtime/engines/qemu.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";

/** Figures of an inference: its real values are written and the module is invoked, as a device does that is watched. */
export interface MonitorFigures {
  readonly model: string;
  /** Channels: features of the inputs, and the result. */
  readonly channels: number;
  /** Values of one of so many inferences are looked at. */
  readonly every: number;
  /** Instructions of an inference without monitor. */
  readonly plain: number;
  /** Instructions more of one whose values are looked at, and of one whose values are not. */
  readonly looked: number;
  readonly passed: number;
  /** Instructions more of an inference on the average, as a share of `plain`. */
  readonly share: number;
  /** RAM of the monitor, and of it what each channel adds. */
  readonly ramBytes: number;
  readonly bytesPerFeature: number;
}

/** The greatest share of an inference, and RAM of a feature. */
export const MONITOR_BUDGET = { share: 0.02, bytesPerFeature: 32 } as const;

interface MonitorSubject {
  /** For messages. */
  readonly model: string;
  /** At least nine rows of the one input that it has. */
  readonly rows?: readonly ArrayLike<number>[] | undefined;
  readonly machine: MachineName;
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

/** Rows of the model's own data, or real values of seeded inputs where it has none. */
function samplesOf(graph: Graph, rows: readonly ArrayLike<number>[] | undefined): Sample[] {
  const { inputs } = bordersOf(graph);
  return SEEDS.map((seed) =>
    rows
      ? [Float32Array.from(rows[seed]!)]
      : seededInputs(graph, seed).map((raw, i) => dequantizeBytes(raw, inputs[i]!)),
  );
}

/** Instructions of writing the values and of invoking, for each vector. */
function instructionsOf({ statistics }: FirmwareResult, inputs: number): number[] {
  const { invokeInstructions, writeInstructions } = statistics;
  return invokeInstructions.map(
    (each, i) => each + sum(writeInstructions.slice(i * inputs, (i + 1) * inputs)),
  );
}

/** Throws EngineError where the firmware can't be built or run. */
export async function measureMonitor(
  { module, graph, tuning }: Build,
  { model, rows, machine }: MonitorSubject,
): Promise<MonitorFigures> {
  const samples = samplesOf(graph, rows);
  const watch = watchOf({
    borders: bordersOf(graph),
    samples,
    outputs: runReference(
      graph,
      samples.map((sample) => toInputBytes(graph, sample)),
    ),
    instructions: tuning.instructions.native,
  });
  const key = generateKey();
  const withBins = addWatch(module, watch);
  const run = async (body: Uint8Array, isWatched: boolean): Promise<FirmwareResult> => {
    const result = await runFirmware({
      flash: flashOf(body, key),
      keys: [rawPublicKey(key)],
      vectors: samples.map((sample) => sample.map((values) => toBytes(values))),
      real: true,
      watch: isWatched,
      build: { machine, flags: ["-DREQUEST_VALUES"] },
    });
    if (result.status === 0) return result;
    throw new EngineError(
      MACHINES[machine].engine,
      `${model}: expected status 0, found: ${result.statusText}`,
    );
  };
  const [without, watched] = [await run(withBins, false), await run(withBins, true)];
  const { watchBytes: bare } = (await run(module, true)).statistics;
  const inputs = graph.inputs.length;
  const plain = instructionsOf(without, inputs);
  const more = instructionsOf(watched, inputs).map((each, i) => each - plain[i]!);
  const isLooked = (_: number, i: number): boolean => i % watch.every === 0;
  const mean = (values: readonly number[]): number => (values.length > 0 ? sum(values) / values.length : 0);
  const looked = mean(more.filter(isLooked));
  const passed = mean(more.filter((each, i) => !isLooked(each, i)));
  const average = (looked + (watch.every - 1) * passed) / watch.every;
  const { watchBytes } = watched.statistics;
  return {
    model,
    channels: watch.channels.length,
    every: watch.every,
    plain: Math.round(mean(plain)),
    looked: Math.round(looked),
    passed: Math.round(passed),
    share: average / mean(plain),
    ramBytes: watchBytes,
    bytesPerFeature: (watchBytes - bare - 2 * countedClasses(watch.classes.length)) / watch.channels.length,
  };
}
