import { translations as layers } from "./keras/layers/index.ts";
import { qlinearOperators } from "./onnx/expand_qlinear.ts";
import { operators } from "./onnx/operators/index.ts";
import { translations } from "./tflite/operators.ts";

/** Operators that importers understand, for the README and for commands. */

export interface SupportedOperator {
  readonly name: string;
  /** The supported part; "" where the name says it all. */
  readonly summary: string;
}

const byName = (a: SupportedOperator, b: SupportedOperator): number => (a.name < b.name ? -1 : 1);

const QLINEAR_SUMMARY = "as DequantizeLinear, the operator of float32 and QuantizeLinear";

/** The domain of what patterns make of several nodes: no file has operators of it. */
const INTERNAL = /^thimble\./;

/** Operators of ai.onnx by their own names, others with their domain. */
export function onnxOperators(): SupportedOperator[] {
  const translated = [...operators.values()]
    .filter(({ type }) => !INTERNAL.test(type))
    .map(({ type, summary = "" }) => ({ name: type, summary }));
  const expanded = qlinearOperators.map((name) => ({ name, summary: QLINEAR_SUMMARY }));
  return [...translated, ...expanded]
    .map(({ name, summary }) => ({ name: name.replace(/^ai\.onnx\.(?!ml\.)/, ""), summary }))
    .sort(byName);
}

/** Layers by the name of their class. */
export const kerasLayers = (): string[] => [...layers.keys()].sort();

export const tfliteOperators = (): string[] => [...translations.keys()].sort();

/** A table in Markdown; operators with the same summary share a row. */
export function onnxOperatorTable(): string {
  const bySummary = new Map<string, string[]>();
  for (const { name, summary } of onnxOperators()) {
    const list = bySummary.get(summary);
    if (list) list.push(name);
    else bySummary.set(summary, [name]);
  }
  const rows = [...bySummary].map(([summary, names]) => `| ${names.join(", ")} | ${summary || "all"} |`);
  return ["| ONNX operator | supported |", "|---|---|", ...rows].join("\n");
}

/** All of it in Markdown, as the README has it. */
export function supportedText(): string {
  const wrapped = (names: readonly string[]): string => wrap(names.join(", "));
  return [
    "**TFLite**, int8 and 16x8 as TensorFlow Lite Micro computes them, float32, float16 and dynamic range:",
    wrapped(tfliteOperators()),
    "",
    "**Keras**, `.h5` and `.keras` of Keras 2 and 3, Sequential, Functional and nested:",
    wrapped(kerasLayers()),
    "",
    "**ONNX**, operator sets from 7 on, float32, float16 and external data, and quantised as Q/DQ or QLinear operators:",
    "",
    onnxOperatorTable(),
  ].join("\n");
}

const WIDTH = 118;

/** Breaks at blanks, so that no line is longer than WIDTH unless a word is. */
const wrap = (text: string): string =>
  text.replace(new RegExp(`(.{1,${WIDTH}})(?: |$)`, "g"), "$1\n").trimEnd();
