/** Machines of the story of `npm start`, each with four sensors and a condition; and a model of them, trained here. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
} from "onnx-buf";

export const FEATURES = ["temperature", "vibration", "current", "pressure"] as const;
export const CONDITIONS = ["normal", "worn", "blocked"] as const;

/** Middles and spreads of what the sensors measure, by condition. */
const MEASURES: readonly (readonly (readonly [middle: number, spread: number])[])[] = [
  [
    [40, 1.5],
    [1, 0.25],
    [5, 0.5],
    [2, 0.2],
  ],
  [
    [47, 1.5],
    [1.5, 0.3],
    [5.3, 0.5],
    [2.1, 0.2],
  ],
  [
    [43, 1.5],
    [0.9, 0.25],
    [6.8, 0.6],
    [2.4, 0.2],
  ],
];

export interface Reading {
  readonly values: readonly number[];
  /** The condition of the machine, which only a person who looks knows. */
  readonly condition: number;
}

/** Sum of twelve even numbers less six: about a normal distribution. */
function normal(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random() / 2 ** 32;
  return sum;
}

/** Readings of a machine's sensors; that of the temperature is `offset` too high. */
export function readingOf(random: () => number, offset = 0): Reading {
  const condition = random() % CONDITIONS.length;
  const values = MEASURES[condition]!.map(([middle, spread], i) =>
    Math.fround(middle + spread * normal(random) + (i === 0 ? offset : 0)),
  );
  return { values, condition };
}

export const csvOf = (readings: readonly Pick<Reading, "values">[]): string =>
  [FEATURES.join(","), ...readings.map(({ values }) => values.join(","))].map((line) => `${line}\n`).join("");

/** Weights by condition and feature, then a constant. */
type Weights = readonly (readonly number[])[];

const ROUNDS = 400;
const RATE = 1;

/** Multinomial logistic regression by gradient descent on standardised features. */
function fit(readings: readonly Reading[]): Weights {
  const count = readings.length;
  const middle = FEATURES.map((_, i) => readings.reduce((sum, { values }) => sum + values[i]!, 0) / count);
  const spread = FEATURES.map((_, i) =>
    Math.sqrt(readings.reduce((sum, { values }) => sum + (values[i]! - middle[i]!) ** 2, 0) / count),
  );
  const rows = readings.map(({ values }) => [...values.map((x, i) => (x - middle[i]!) / spread[i]!), 1]);
  const weights = CONDITIONS.map(() => new Array<number>(FEATURES.length + 1).fill(0));
  for (let round = 0; round < ROUNDS; round++) {
    const slope = weights.map((each) => each.map(() => 0));
    for (const [i, row] of rows.entries()) {
      const scores = weights.map((each) => each.reduce((sum, w, k) => sum + w * row[k]!, 0));
      const most = Math.max(...scores);
      const powers = scores.map((score) => Math.exp(score - most));
      const all = powers.reduce((a, b) => a + b);
      for (const [c, power] of powers.entries()) {
        const error = power / all - Number(readings[i]!.condition === c);
        for (const [k, x] of row.entries()) slope[c]![k]! += (error * x) / count;
      }
    }
    for (const [c, each] of slope.entries())
      for (const [k, by] of each.entries()) weights[c]![k]! -= RATE * by;
  }
  // Weights for the features as the sensors give them.
  return weights.map((each) => {
    const own = each.slice(0, -1).map((w, i) => w / spread[i]!);
    return [...own, each.at(-1)! - own.reduce((sum, w, i) => sum + w * middle[i]!, 0)];
  });
}

/** Trains a model on readings whose conditions are known; the bytes of an ONNX file. */
export function trainModel(readings: readonly Reading[]): Uint8Array {
  const weights = fit(readings);
  const tensor = (name: string, dims: readonly number[], floatData: number[]) => ({
    name,
    dims: dims.map(BigInt),
    dataType: DataType.FLOAT,
    floatData,
  });
  const value = (name: string, size: number) => {
    const dim = [1, size].map((length) => ({ value: { case: "dimValue" as const, value: BigInt(length) } }));
    const tensorType = { elemType: DataType.FLOAT, shape: { dim } };
    return { name, type: { value: { case: "tensorType" as const, value: tensorType } } };
  };
  const [features, conditions] = [FEATURES.length, CONDITIONS.length];
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: 17n }],
    graph: {
      name: "plant",
      node: [
        {
          opType: "Gemm",
          input: ["sensors", "weights", "constants"],
          output: ["scores"],
          attribute: [{ name: "transB", type: AttributeType.INT, i: 1n }],
        },
        { opType: "Softmax", input: ["scores"], output: ["condition"] },
      ],
      initializer: [
        tensor(
          "weights",
          [conditions, features],
          weights.flatMap((each) => each.slice(0, -1)),
        ),
        tensor(
          "constants",
          [conditions],
          weights.map((each) => each.at(-1)!),
        ),
      ],
      input: [value("sensors", features)],
      output: [value("condition", conditions)],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
