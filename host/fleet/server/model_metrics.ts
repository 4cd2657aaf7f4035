/** The state of all models in the text format of Prometheus, version 0.0.4. */
import { type Counts, emptyCounts, FAILURES } from "../telemetry/report.ts";
import type { Context } from "./context.ts";
import { allModels, type ModelHealth } from "./health.ts";
import { findModel } from "./model_rows.ts";
import { sumSince } from "./sums.ts";

interface Summed extends ModelHealth {
  /** All that was ever told of it. */
  readonly sum: Counts;
}

interface Family {
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Samples of one model: labels behind those of the model, and the value. */
  readonly samples: (model: Summed) => readonly (readonly [labels: string, value: number])[];
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const one =
  (value: (model: Summed) => number): Family["samples"] =>
  (model) => [["", value(model)]];

const FAMILIES: Readonly<Record<string, Family>> = {
  thimble_model_inferences_total: {
    type: "counter",
    help: "Inferences that devices reported.",
    samples: one(({ sum }) => sum.inferences),
  },
  thimble_model_failures_total: {
    type: "counter",
    help: "Inferences that failed, by status.",
    samples: ({ sum }) => FAILURES.map((name, i) => [`,status="${name}"`, sum.failures[i]!]),
  },
  thimble_model_overruns_total: {
    type: "counter",
    help: "Inferences that took longer than allowed.",
    samples: one(({ sum }) => sum.overruns),
  },
  thimble_model_resets_total: {
    type: "counter",
    help: "Resets of devices.",
    samples: one(({ sum }) => sum.resets),
  },
  thimble_model_devices: {
    type: "gauge",
    help: "Devices that have told of the model.",
    samples: one(({ devices }) => devices),
  },
  thimble_model_unwell_devices: {
    type: "gauge",
    help: "Devices on which something is wrong.",
    samples: one(({ unwellDevices }) => unwellDevices),
  },
  thimble_model_silent_devices: {
    type: "gauge",
    help: "Devices that tell nothing any more.",
    samples: one(({ silentDevices }) => silentDevices),
  },
  thimble_model_labels: {
    type: "gauge",
    help: "Decisions whose right answer came later, but for those of samples that were chosen for being hard.",
    samples: one(({ accuracy }) => accuracy.labelled),
  },
  thimble_model_labels_right: {
    type: "gauge",
    help: "Those of thimble_model_labels that the model decided rightly.",
    samples: one(({ accuracy }) => accuracy.right),
  },
  thimble_model_finding: {
    type: "gauge",
    help: "The statistic of what is wrong over the whole fleet.",
    samples: ({ findings }) =>
      findings.map(({ kind, subject, statistic }) => [
        `,kind="${kind}",subject="${escaped(subject)}"`,
        statistic,
      ]),
  },
};

export function modelMetrics(context: Context): string {
  const models = allModels(context).map((model): Summed => {
    return { ...model, sum: sumSince(context, findModel(context, model.hash)!, 0) ?? emptyCounts(0, 0) };
  });
  const lines = Object.entries(FAMILIES).flatMap(([name, { type, help, samples }]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...models.flatMap((model) => {
      const labels = `model="${escaped(model.model)}",version="${escaped(model.version)}",hash="${model.hash}"`;
      return samples(model).map(([more, value]) => `${name}{${labels}${more}} ${value}`);
    }),
  ]);
  return `${lines.join("\n")}\n`;
}
