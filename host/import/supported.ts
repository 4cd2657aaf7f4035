import { qlinearOperators } from "./onnx/expand_qlinear.ts";
import { operators } from "./onnx/operators/index.ts";
import { translations } from "./tflite/operators.ts";

/** What importers understand, for the README and for whoever asks. */

export interface SupportedOperator {
  readonly name: string;
  /** What of it is supported; "" where the name says it all. */
  readonly summary: string;
}

const byName = (a: SupportedOperator, b: SupportedOperator): number => (a.name < b.name ? -1 : 1);

const QLINEAR_SUMMARY = "as DequantizeLinear, the operator of float32 and QuantizeLinear";

/** Operators of ai.onnx by their own names, others with their domain. */
export function onnxOperators(): SupportedOperator[] {
  const translated = [...operators.values()].map(({ type, summary = "" }) => ({ name: type, summary }));
  const expanded = qlinearOperators.map((name) => ({ name, summary: QLINEAR_SUMMARY }));
  return [...translated, ...expanded]
    .map(({ name, summary }) => ({ name: name.replace(/^ai\.onnx\.(?!ml\.)/, ""), summary }))
    .sort(byName);
}

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
