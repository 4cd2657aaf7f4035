/**
 * Two models of one task, which have nothing else in common: another architecture, other scales, the columns the other
 * way round, the classes in another order and by other names. Firmware must not notice.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privatePem } from "../../../host/image/keys.ts";
import { readMetadata } from "../../../host/module/metadata.ts";
import { quantizeInput } from "../../../host/ops/border.ts";
import { type Decided, decideOutputs } from "../../../host/ops/border_decision.ts";
import { flashOf } from "../../../host/runtime/engines/qemu.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { thimble } from "../../support/command.ts";
import { modelPath } from "../../support/models.ts";
import { key } from "../../support/signed_images.ts";
import { treeModel } from "../../support/tree_models.ts";

/** Readings of sensors, by their names. */
export type Readings = Readonly<Record<string, number>>;

function table(file: string): { readonly columns: string[]; readonly rows: number[][] } {
  const [head, ...lines] = readFileSync(modelPath(file), "utf8").trim().split("\n");
  return { columns: head!.split(","), rows: lines.map((line) => line.split(",").map(Number)) };
}

const wine = table("wine.test.csv");
export const COLUMNS = wine.columns.slice(0, -1);
/** Rows of the test set, and which wine each is. */
export const SAMPLES = wine.rows.map((row) => ({
  readings: Object.fromEntries(COLUMNS.map((name, i) => [name, Math.fround(row[i]!)])) as Readings,
  wine: row.at(-1)!,
}));

/** Names of the wines in both models. */
export const NAMES = [
  ["Barolo", "Grignolino", "Barbera"],
  ["B1", "G2", "B3"],
] as const;
/** The order of the classes in the second model. */
const ORDER = [2, 0, 1];
const REVERSED = COLUMNS.toReversed();

/** flavanoids <= -0.6, else proline <= 0.3; of the second model's columns and classes. */
function tree(): Uint8Array {
  const [flavanoids, proline] = ["flavanoids", "proline"].map((name) => REVERSED.indexOf(name));
  return treeModel(
    "TreeEnsembleClassifier",
    3,
    {
      classlabels_int64s: [0, 1, 2],
      nodes_treeids: [0, 0, 0, 0, 0],
      nodes_nodeids: [0, 1, 2, 3, 4],
      nodes_featureids: [flavanoids!, 0, proline!, 0, 0],
      nodes_modes: ["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"],
      nodes_values: { floats: [-0.6, 0, 0.3, 0, 0] },
      nodes_truenodeids: [1, 0, 3, 0, 0],
      nodes_falsenodeids: [2, 0, 4, 0, 0],
      nodes_missing_value_tracks_true: [0, 0, 1, 0, 0],
      class_treeids: [0, 0, 0],
      class_nodeids: [1, 3, 4],
      class_ids: [2, 1, 0].map((wineNumber) => ORDER.indexOf(wineNumber)),
      class_weights: { floats: [1, 1, 1] },
      post_transform: "NONE",
    },
    COLUMNS.length,
  );
}

export interface WineModel {
  readonly version: string;
  /** Path of the module. */
  readonly file: string;
  readonly module: Uint8Array;
  readonly image: Uint8Array;
  /** A flash image for QEMU with the module in the first slot. */
  readonly flash: Uint8Array;
  /** The host's decision. */
  decide(readings: Readings): Promise<Decided>;
}

function built(folder: string, version: string, args: readonly string[]): WineModel {
  const output = join(folder, version);
  const more = ["-o", output, "--version", version, "--name", "wine", "--key", join(folder, "key.pem")];
  const { status, stderr } = thimble(["build", ...args, ...more]);
  if (status !== 0) throw new Error(stderr);
  const module = new Uint8Array(readFileSync(join(output, "model.wasm")));
  const metadata = readMetadata(module);
  const [input] = metadata.inputs;
  return {
    version,
    file: join(output, "model.wasm"),
    module,
    image: new Uint8Array(readFileSync(join(output, "model.img"))),
    flash: flashOf(module, key),
    async decide(readings) {
      const values = Float32Array.from(input!.features!, (name) => readings[name]!);
      const [outputs] = await v8.run(module, [[quantizeInput(values, input!)]]);
      return decideOutputs(metadata, outputs!)!;
    },
  };
}

/** The two, built by the command line into a folder. */
export function wineModels(folder: string): readonly [WineModel, WineModel] {
  const csv = (columns: readonly string[], rows: readonly (readonly (number | string)[])[]): string =>
    `${[columns, ...rows].map((row) => row.join()).join("\n")}\n`;
  const { columns, rows } = table("wine.calibration.csv");
  const reversed: (number | string)[][] = rows.map((row) => row.toReversed());
  // A sensor may fail.
  reversed[0]![REVERSED.indexOf("proline")] = "";
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("key.pem"), privatePem(key));
  writeFileSync(at("tree.onnx"), tree());
  writeFileSync(at("first.csv"), csv(columns, rows));
  writeFileSync(at("second.csv"), csv(columns.toReversed(), reversed));
  const second = ORDER.map((wineNumber) => NAMES[1][wineNumber]!);
  return [
    built(folder, "1.0.0", [
      modelPath("wine_dense.onnx"),
      ...["--calibration", at("first.csv"), "--labels", NAMES[0].join(), "--units", "alcohol=%"],
    ]),
    built(folder, "2.0.0", [at("tree.onnx"), "--calibration", at("second.csv"), "--labels", second.join()]),
  ];
}
