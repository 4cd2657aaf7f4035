/** The forests of test/models/trees, and what ONNX Runtime makes of the rows to test them on. */
import { readdirSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { readDataset } from "../../host/runtime/data/index.ts";
import { modelPath } from "../support/models.ts";

export interface ForestCase {
  readonly name: string;
  readonly path: string;
  readonly calibration: string;
  readonly rows: readonly Float32Array[];
  readonly kind: "class" | "values" | "outlier";
}

const FEATURES: Readonly<Record<string, number>> = {
  digits_forest: 64,
  values: 10,
  classes: 10,
  missing: 8,
  categories: 6,
  wide: 160,
};

/** Models of test/models/gen/trees_missing.py. */
export const ofOtherRows = (name: string): boolean => /^(missing|categories|wide)_/.test(name);

/** A set of rows that a model's name begins with, or by what it predicts. */
const dataOf = (name: string): string =>
  ["digits_forest", "missing", "categories", "wide"].find((data) => name.startsWith(data)) ??
  (name.includes("regressor") ? "values" : "classes");

const mayMiss = (): boolean => true;

/** Every model of the folder. */
export const forestCases = (): ForestCase[] =>
  readdirSync(modelPath("trees"))
    .filter((file) => file.endsWith(".onnx"))
    .sort()
    .map((file) => {
      const name = file.replace(/\.onnx$/, "");
      const data = dataOf(name);
      return {
        name,
        path: modelPath(`trees/${file}`),
        calibration: modelPath(`trees/${data}.calibration.csv`),
        rows: readDataset(modelPath(`trees/${data}.test.csv`), FEATURES[data]!, { mayMiss }).rows,
        kind: name.startsWith("isolation") ? "outlier" : name.includes("regressor") ? "values" : "class",
      };
    });

/** The scores of all rows by ONNX Runtime: an output of its own for each row. */
export async function runtimeScores({ path, rows }: ForestCase): Promise<Float32Array[]> {
  // It warns of a shape that an exporter wrote.
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const features = rows[0]!.length;
  const all = new Float32Array(rows.length * features);
  rows.forEach((row, i) => {
    all.set(row, i * features);
  });
  const wanted = session.outputNames.at(-1)!;
  const input = new Tensor("float32", all, [rows.length, features]);
  const { [wanted]: scores } = await session.run({ [session.inputNames[0]!]: input }, [wanted]);
  const data = scores!.data as Float32Array;
  const width = data.length / rows.length;
  return rows.map((_, i) => data.subarray(i * width, (i + 1) * width));
}
