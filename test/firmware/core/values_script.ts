/** Commands of firmware/port/posix/values.c about an example, and what the host's own codec answers to them. */
import assert from "node:assert/strict";
import { ModelError, toBytes } from "../../../host/ir/graph.ts";
import { type BorderDType, TASK_CODES, TYPE_CODES } from "../../../host/module/descriptor_table.ts";
import { type Borders, type BorderTensor, dequantizeBytes, quantizeInput } from "../../../host/ops/border.ts";
import { type Decided, decideOutputs } from "../../../host/ops/border_decision.ts";
import { makeImage, STATUS } from "../../support/signed_images.ts";
import { described, type Example } from "./values_borders.ts";

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const float = (value: number): string => hex(toBytes(Float32Array.of(value)));
export const imageOf = (module: Uint8Array): string => `image 0 ${hex(makeImage({ body: module }))}`;

/** The raw input, or undefined where a value is missing that the model does not know of. */
export function rawOf({ borders, values }: Example): Uint8Array | undefined {
  try {
    return quantizeInput(values, borders.inputs[0]!);
  } catch (error) {
    assert.ok(error instanceof ModelError);
    return undefined;
  }
}

export const isAutoencoder = ({ outputs }: Borders): boolean => outputs[0]!.decision === "error";

export const decisionText = (decided: Decided | undefined): string =>
  decided ? `0 ${decided.classNumber} ${float(decided.score)} ${decided.label ?? "-"}` : "-1 0 00000000 -";

/** A description by thimble_describe_input or thimble_describe_output, as the program prints it. */
function descriptionText(tensor: BorderTensor, { task }: Borders): string {
  const { name, unit = "-", dtype, source, scale, zeroPoint, shape, features, labels, stream } = tensor;
  const { sampleRate = 0, channels = 0, hop = 0 } = stream ?? {};
  const types = `${task ? TASK_CODES[task] : 0} ${TYPE_CODES[dtype as BorderDType]} ${TYPE_CODES[source as BorderDType]}`;
  const names = (features ?? labels)?.length ?? 0;
  return `0 ${name} ${unit} ${types} ${float(scale)} ${zeroPoint} ${names} ${sampleRate} ${channels} ${hop} [${shape}]`;
}

/** The last feature of an example's input, by its place and by its name. */
function featureScript({ inputs: [input] }: Borders) {
  const { shape, features = [], unit = "-", units } = input!;
  const place = (shape.at(-1) ?? 1) - 1;
  const name = features[place];
  const commands = [`unit 0 0 ${place}`, ...(name ? [`feature 0 0 ${name}`, `feature 0 0 ${name}?`] : [])];
  const answers = [
    units?.[place] || unit,
    ...(name ? [`0 ${features.indexOf(name)}`, `${STATUS.ARGUMENT} 0`] : []),
  ];
  return { commands, answers };
}

/** Commands about an example, and what the host's own codec answers. */
export function script(one: Example, module = described(one.borders)) {
  const { borders, values } = one;
  const raw = rawOf(one);
  const [output] = borders.outputs;
  const feature = featureScript(borders);
  const open = [
    imageOf(module),
    "open 0 0",
    "describe 0 input 0",
    "describe 0 output 0",
    ...feature.commands,
    `write 0 0 ${hex(toBytes(values))}`,
  ];
  const opened = [
    "0",
    "0",
    descriptionText(borders.inputs[0]!, borders),
    descriptionText(output!, borders),
    ...feature.answers,
  ];
  if (!raw) return { commands: open, answers: [...opened, String(STATUS.ARGUMENT)], isRefused: true };
  const real = dequantizeBytes(raw, output!);
  const compared = isAutoencoder(borders) ? ` ${hex(toBytes(values))}` : "";
  return {
    commands: [...open, "input 0 0", "invoke_written 0", "read 0 0", `decide 0${compared}`],
    isRefused: false,
    answers: [
      ...opened,
      "0",
      `0 ${hex(raw)}`,
      `0 ${hex(raw)}`,
      `0 ${hex(toBytes(real))}`,
      decisionText(decideOutputs(borders, [raw], values)),
    ],
  };
}
