/** A model card (M. Mitchell et al., "Model Cards for Model Reporting", 2019) of what was stated and what was measured. */
import { bytes, integer } from "../table.ts";
import { agreementText, evaluationText } from "./figures.ts";
import { type Meta, metaRows } from "./meta.ts";
import type { Report } from "./schema.ts";
import { time } from "./text.ts";

/** Keys by the section that they stand in; all others are in the last one. */
const SECTIONS = [
  ["Details", /^(?:owner|author|contact|licen[cs]e|revision|git|commit|date|libraries|library)/i],
  ["Intended use", /^(?:intended|use|users|limits|limitations|out_of_scope|ethic)/i],
  ["Data", /^(?:data|train|calibration)/i],
  ["Metrics of the training", /^(?:metric|accuracy|loss|score)/i],
  ["More", /./],
] as const;

/** Text in which Markdown and HTML mean nothing. */
const plainMarkdown = (text: string): string =>
  text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]()#+!|<>~-]/g, (letter) => `\\${letter}`);

const list = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([key, text]) => `- **${plainMarkdown(key)}**: ${plainMarkdown(text)}`).join("\n");

function classLines({ evaluation }: Report): string[] {
  const { quantized, classes } = evaluation ?? {};
  if (!quantized || !classes) return [];
  const rows = quantized.byClass.map(({ precision, recall, f1 }, i) => {
    const cells = [classes[i] ?? String(i), ...[precision, recall, f1].map((x) => x.toFixed(4))];
    return `| ${cells.map(plainMarkdown).join(" | ")} |`;
  });
  return ["", "| class | precision | recall | F1 |", "|---|---|---|---|", ...rows];
}

/** The card in Markdown. */
export function modelCard(report: Report, meta: Meta): string {
  const { model, source, compiler, tuning, memory } = report;
  const stated = metaRows(meta);
  const sectionOf = (key: string): string => SECTIONS.find(([, pattern]) => pattern.test(key))![0];
  const facts: [string, string][] = [
    ["task", report.task ?? "not stated"],
    ["module", `${bytes(report.moduleBytes)}, SHA-256 ${report.moduleSha256}`],
    ["made from", `${source.file}, SHA-256 ${source.sha256}, by ${compiler}`],
    ["memory", `${bytes(memory.totalBytes)} of RAM`],
    [
      "speed",
      `about ${time(tuning.milliseconds)} an inference on ${tuning.board.name}, ${integer(report.macs)} multiply-accumulates`,
    ],
  ];
  const measured = [
    ...(report.evaluation ? [plainMarkdown(evaluationText(report.evaluation)), ...classLines(report)] : []),
    ...(report.floatAgreement ? ["", plainMarkdown(agreementText(report.floatAgreement, report.task))] : []),
  ];
  const parts = SECTIONS.flatMap(([title]) => {
    const rows = stated.filter(([key]) => sectionOf(key) === title);
    return rows.length > 0 ? [`## ${title}\n\n${list(rows)}`] : [];
  });
  return `${[
    `# ${plainMarkdown(`${model.name} ${model.version}`)}`,
    list(facts),
    ...parts,
    ...(measured.length > 0 ? [`## Measured with the module\n\n${measured.join("\n").trim()}`] : []),
  ].join("\n\n")}\n`;
}
