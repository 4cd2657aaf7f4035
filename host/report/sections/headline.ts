/** The headline: how large, how fast, how good. */
import { integer } from "../../table.ts";
import { figure, isOfValues, percentage } from "../figures.ts";
import { type Html, html } from "../html.ts";
import type { Report } from "../schema.ts";
import { time } from "../text.ts";

/** The rounded number that one remembers; the exact one stands in the note. */
const kibibytes = (n: number): string => (n < 1024 ? `${n} B` : `${(n / 1024).toFixed(1)} KiB`);

interface Tile {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

function ramTile({ tuning, memory }: Report): Tile {
  const used = tuning.ramBytes[tuning.board.nativeKernels ? "native" : "portable"];
  return {
    name: "RAM",
    value: kibibytes(used),
    note: `${integer(used)} B of ${integer(tuning.ramBytes.limit)} B on ${tuning.board.name}; linear memory ${integer(memory.totalBytes)} B, the rest is wasm3 with its stacks`,
  };
}

function evaluationTiles({ evaluation }: Report): Tile[] {
  if (!evaluation) return [];
  const { float, quantized, samples, values, task, rand } = evaluation;
  const same = `on the same ${integer(samples)} samples`;
  const plain = `on ${integer(samples)} samples`;
  if (quantized)
    return [
      {
        name: "Accuracy",
        value: percentage(quantized.accuracy),
        note: float ? `the float model has ${percentage(float.accuracy)} ${same}` : plain,
      },
    ];
  if (values) {
    const isImage = task === "image" || task === "autoencoder";
    const of = ({ psnr, rmse }: (typeof values)["quantized"]): string =>
      isImage ? `${psnr.toFixed(1)} dB` : figure(rmse);
    return [
      {
        name: isImage ? "PSNR" : "RMSE",
        value: of(values.quantized),
        note: values.float ? `the float model has ${of(values.float)} ${same}` : plain,
      },
    ];
  }
  return rand ? [{ name: "Adjusted Rand", value: figure(rand.quantized), note: plain }] : [];
}

function agreementTiles({ evaluation, floatAgreement, task }: Report): Tile[] {
  if (isOfValues(task))
    return floatAgreement
      ? [
          {
            name: "Error",
            value: percentage(floatAgreement.rmse / (floatAgreement.range || 1)),
            note: `of the range of values, root mean square to the float model on ${integer(floatAgreement.samples)} samples`,
          },
        ]
      : [];
  const agreement = evaluation?.agreement ?? floatAgreement?.sameArgmax;
  const samples = evaluation?.agreement === undefined ? floatAgreement?.samples : evaluation.samples;
  if (agreement === undefined || samples === undefined) return [];
  return [
    {
      name: "Agreement",
      value: percentage(agreement),
      note: `of ${integer(samples)} samples decided as by the float model`,
    },
  ];
}

export function headline(report: Report): Html {
  const { tuning, moduleBytes, macs, verification } = report;
  const engines = verification.engines.filter(({ availability }) => availability.available);
  const missing = verification.engines.filter(({ availability }) => !availability.available);
  const tiles: Tile[] = [
    {
      name: "Module",
      value: kibibytes(moduleBytes),
      note: `${integer(moduleBytes)} B, ${integer(report.layers.length)} layers, ${integer(macs)} multiply-accumulates`,
    },
    ramTile(report),
    {
      name: "Latency",
      value: time(tuning.milliseconds),
      note: `an inference on ${tuning.board.name}, ${tuning.costs}`,
    },
    ...evaluationTiles(report),
    ...agreementTiles(report),
    {
      name: "Proof",
      value: `${integer(verification.vectors)} vectors`,
      note: `the same bytes from the reference and ${engines.map(({ engine }) => engine).join(" and ")}${missing.length > 0 ? `; ${missing.map(({ engine }) => engine).join(" and ")} missing` : ""}`,
    },
  ];
  return html`<dl class="tiles">${tiles.map(
    ({ name, value, note }) =>
      html`<div><dt>${name}</dt><dd class="figure">${value}</dd><dd class="note">${note}</dd></div>`,
  )}</dl>
${[...(report.quantization?.warnings ?? []), ...tuning.warnings].map((warning) => html`<p class="warning">${warning}</p>`)}`;
}
