/** Front-ends by name and parameters: a JSON file as a graph of whole numbers that takes samples. */
import { readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { parseJson } from "../../../budgets.ts";
import { elements, type Graph, ModelError, tensorOf, withTensors } from "../../../ir/graph.ts";
import { plain } from "../../../plain.ts";
import { importModel, openSource } from "../index.ts";
import type { Definition, Frontend } from "./definition.ts";
import { type Fields, readFields } from "./fields.ts";
import { logMelFrontend, mfccFrontend, wakewordFrontend } from "./log_mel.ts";
import { scaleFrontend } from "./scale.ts";
import { spectralFrontend } from "./spectral.ts";
import { statisticsFrontend } from "./statistics.ts";
import { tflmFrontend } from "./tflm.ts";

/** Those that are defined in real numbers; the microfrontend is one of integers. */
const DEFINED: Readonly<Record<string, (fields: Fields) => Frontend>> = {
  "log-mel": logMelFrontend,
  mfcc: mfccFrontend,
  "mlperf-sww": wakewordFrontend,
  scale: scaleFrontend,
  statistics: statisticsFrontend,
  spectral: spectralFrontend,
};

const FRONTENDS: Readonly<Record<string, (fields: Fields) => Graph>> = {
  tflm: tflmFrontend,
  ...Object.fromEntries(
    Object.entries(DEFINED).map(([name, make]) => [name, (fields: Fields) => make(fields).graph]),
  ),
};

/** A model's file, of which is said how its input follows in time. */
const FILE = "tflite";

export const FRONTEND_NAMES: readonly string[] = [...Object.keys(FRONTENDS), FILE];

/** Whether a front-end's file is one of parameters, rather than a model. */
export const isParameters = (file: string): boolean => extname(file).toLowerCase() === ".json";

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ModelError(`expected JSON: ${(error as Error).message}`);
  }
}

const nameOf = (file: string): string => plain(basename(file, extname(file)), "_");

/** The graph of a model's file, beside the file of parameters, whose one input takes samples. */
async function fromFile(fields: Fields, file: string): Promise<Graph> {
  const path = join(dirname(file), fields.text("file"));
  const sampleRate = fields.whole("sample_rate", { min: 1, max: 192_000 }, 16_000);
  const graph = importModel(await openSource(path), nameOf(path));
  const [name, ...more] = graph.inputs;
  if (name === undefined || more.length > 0) fields.fail("file", "a model of one input", graph.inputs.length);
  const input = tensorOf(graph, name!);
  const length = elements(input.shape);
  const step = fields.number("window_step", { min: 0.01, max: 60_000 }, (1000 * length) / sampleRate);
  const hop = Math.floor((step * sampleRate) / 1000);
  if (hop < 1 || hop > length) fields.fail("window_step", `milliseconds of 1 to ${length} samples`, step);
  fields.finish();
  return withTensors(graph, [{ ...input, stream: { sampleRate, channels: 1, hop } }]);
}

/** The front-end of a file of parameters. Throws ModelError that names the field that is wrong. */
export async function parametricFrontend(file: string): Promise<Graph> {
  const fields = readFields(parse(readFileSync(file, "utf8")), "front-end");
  const type = fields.oneOf("type", FRONTEND_NAMES);
  const graph = type === FILE ? await fromFile(fields, file) : FRONTENDS[type]!(fields);
  return { ...graph, name: nameOf(file) };
}

/** The meaning of a file of parameters in real numbers, or undefined where that is defined in integers. */
export function frontendDefinition(file: string): Definition | undefined {
  const fields = readFields(parse(readFileSync(file, "utf8")), "front-end");
  return DEFINED[fields.oneOf("type", FRONTEND_NAMES)]?.(fields).definition;
}
