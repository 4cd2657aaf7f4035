/**
 * A valid int8 network as .tflite, and changes of the fields that no kernel of TensorFlow Lite Micro reads, or that it
 * reads otherwise than their names say. Each is either the same model, or refused for a reason.
 */
import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import type { Field, Fields, Parts } from "../../support/tflite_writer.ts";

const INT8 = 9;
const INT32 = 2;
const CHANNELS = 8;
const CLASSES = 4;
const IMAGE = [1, 4, 4, CHANNELS] as const;
/** Tensors by number. */
export const T = {
  image: 0,
  filters: 1,
  filterBias: 2,
  convolved: 3,
  taps: 4,
  tapBias: 5,
  filtered: 6,
  axes: 7,
  mean: 8,
  rows: 9,
  rowBias: 10,
  sums: 11,
  result: 12,
} as const;

interface Scale {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis?: number;
}

const quantization = ({ scales, zeroPoints, axis = 0 }: Scale): Field => ({
  table: {
    2: { f32s: scales },
    3: { i64s: zeroPoints },
    ...(axis !== 0 && { 6: { i32: axis } }),
  },
});

const one = (scale: number, zeroPoint = 0): Scale => ({ scales: [scale], zeroPoints: [zeroPoint] });

const perChannel = (count: number, scale: number, axis = 0): Scale => ({
  scales: Array.from({ length: count }, (_, i) => scale * (1 + i / count)),
  zeroPoints: Array.from({ length: count }, () => 0),
  axis,
});

const product = (input: number, { scales, zeroPoints }: Scale): Scale => ({
  scales: scales.map((scale) => input * scale),
  zeroPoints,
});

const tensor = (
  name: string,
  shape: readonly number[],
  type: number,
  buffer: number,
  scale?: Scale,
): Record<number, Field> => ({
  0: { i32s: shape },
  1: { u8: type },
  2: { i32: buffer },
  3: { text: name },
  ...(scale && { 4: quantization(scale) }),
});

const filterScale = perChannel(CHANNELS, 0.01);
const tapScale = perChannel(CHANNELS, 0.02, 3);
const rowScale = one(0.015);

/** CONV_2D, DEPTHWISE_CONV_2D, MEAN, FULLY_CONNECTED and SOFTMAX, by their numbers in the schema. */
const CODES = [3, 4, 40, 9, 25];

const operator = (
  code: number,
  inputs: readonly number[],
  output: number,
  optionsType: number,
  options: Fields,
): Record<number, Field> => ({
  0: { i32: code },
  1: { i32s: inputs },
  2: { i32s: [output] },
  3: { u8: optionsType },
  4: { table: options },
});

export function network(): Parts {
  const int8s = (count: number): Uint8Array => lcgBytes(count, count).bytes;
  const int32s = (count: number): Uint8Array =>
    new Uint8Array(Int32Array.from(int8s(count), (byte) => 8 * byte - 1024).buffer);
  const contents = [
    new Uint8Array(),
    int8s(CHANNELS * 9 * CHANNELS),
    int32s(CHANNELS),
    int8s(9 * CHANNELS),
    int32s(CHANNELS),
    new Uint8Array(Int32Array.of(1, 2).buffer),
    int8s(CLASSES * CHANNELS),
    int32s(CLASSES),
  ];
  return {
    model: {},
    codes: CODES.map((code) => ({ 0: { u8: code }, 2: { i32: 3 }, 3: { i32: code } })),
    buffers: contents.map((bytes): Record<number, Field> => (bytes.length > 0 ? { 0: { bytes } } : {})),
    tensors: [
      tensor("image", IMAGE, INT8, 0, one(0.05, 3)),
      tensor("filters", [CHANNELS, 3, 3, CHANNELS], INT8, 1, filterScale),
      tensor("filter_bias", [CHANNELS], INT32, 2, product(0.05, filterScale)),
      tensor("convolved", IMAGE, INT8, 0, one(0.06, -4)),
      tensor("taps", [1, 3, 3, CHANNELS], INT8, 3, tapScale),
      tensor("tap_bias", [CHANNELS], INT32, 4, product(0.06, tapScale)),
      tensor("filtered", IMAGE, INT8, 0, one(0.07, 5)),
      tensor("axes", [2], INT32, 5),
      tensor("mean", [1, CHANNELS], INT8, 0, one(0.03, -2)),
      tensor("rows", [CLASSES, CHANNELS], INT8, 6, rowScale),
      tensor("row_bias", [CLASSES], INT32, 7, product(0.03, rowScale)),
      tensor("sums", [1, CLASSES], INT8, 0, one(0.04, 1)),
      tensor("result", [1, CLASSES], INT8, 0, one(1 / 256, -128)),
    ],
    operators: [
      operator(0, [T.image, T.filters, T.filterBias], T.convolved, 1, {
        1: { i32: 1 },
        2: { i32: 1 },
        3: { u8: 1 },
      }),
      operator(1, [T.convolved, T.taps, T.tapBias], T.filtered, 2, {
        1: { i32: 1 },
        2: { i32: 1 },
        3: { i32: 1 },
      }),
      operator(2, [T.filtered, T.axes], T.mean, 27, {}),
      operator(3, [T.mean, T.rows, T.rowBias], T.sums, 8, {}),
      operator(4, [T.sums], T.result, 9, { 0: { f32: 1 } }),
    ],
    subgraph: { 1: { i32s: [T.image] }, 2: { i32s: [T.result] }, 4: { text: "main" } },
    others: [],
    outside: new Map(),
  };
}

export interface FieldCase {
  readonly name: string;
  change(parts: Parts): void;
  /** The reason for which it is refused; without, the model is the same. */
  readonly refused?: RegExp;
}

const scaled =
  (index: number, scale: Partial<Scale>) =>
  ({ tensors }: Parts): void => {
    const { table } = tensors[index]![4] as { table: Fields };
    const { scales, zeroPoints, axis } = scale;
    tensors[index]![4] = {
      table: {
        ...table,
        ...(scales && { 2: { f32s: scales } }),
        ...(zeroPoints && { 3: { i64s: zeroPoints } }),
        ...(axis !== undefined && { 6: { i32: axis } }),
      },
    };
  };

const without = (index: number) => (parts: Parts) => {
  delete parts.tensors[index]![4];
};

const shaped =
  (index: number, shape: readonly number[]) =>
  ({ tensors }: Parts): void => {
    tensors[index]![0] = { i32s: shape };
  };

const renamed =
  (names: (index: number) => string | undefined) =>
  ({ tensors }: Parts): void => {
    for (const [i, each] of tensors.entries()) {
      const name = names(i);
      if (name === undefined) delete each[3];
      else each[3] = { text: name };
    }
  };

const all =
  (...changes: readonly ((parts: Parts) => void)[]) =>
  (parts: Parts): void => {
    for (const change of changes) change(parts);
  };

/** Constants, by tensor and buffer. */
const BUFFERS = [1, 2, 3, 4, 5, 6, 7];

/** Fields of a bias: kernels add it to sums as it is. */
const biasCases: FieldCase[] = [
  { name: "a bias with an axis that its rank lacks", change: scaled(T.filterBias, { axis: 3 }) },
  { name: "a bias with a negative axis", change: scaled(T.tapBias, { axis: -1 }) },
  { name: "a bias without quantisation", change: without(T.filterBias) },
  { name: "a bias with empty lists", change: scaled(T.filterBias, { scales: [], zeroPoints: [] }) },
  { name: "a bias with one scale", change: scaled(T.filterBias, { scales: [0.5], zeroPoints: [0] }) },
  { name: "a bias with three scales", change: scaled(T.tapBias, { scales: [0.5, 1, 2], zeroPoints: [0] }) },
  {
    name: "a bias with scales that are none",
    change: scaled(T.rowBias, { scales: [Number.NaN], zeroPoints: [7] }),
  },
  { name: "a bias without zero points", change: scaled(T.rowBias, { zeroPoints: [] }) },
  { name: "a bias of many axes", change: shaped(T.filterBias, [1, 1, 1, CHANNELS]) },
];

const weightsCases: FieldCase[] = [
  { name: "weights with one zero point", change: scaled(T.filters, { zeroPoints: [0] }) },
  { name: "weights with three zero points", change: scaled(T.filters, { zeroPoints: [0, 0, 0] }) },
  { name: "filters along another axis of as many", change: scaled(T.filters, { axis: 3 }) },
  { name: "rows of one scale along no axis", change: scaled(T.rows, { axis: 9 }) },
  {
    name: "filters along an axis of other size",
    change: scaled(T.filters, { axis: 1 }),
    refused: /operator 0: CONV_2D: weights filters: expected scales along axis 0, found 1/,
  },
  {
    name: "filters of three scales",
    change: scaled(T.filters, { scales: [1, 2, 3], zeroPoints: [0] }),
    refused: /operator 0: CONV_2D: weights filters: expected 1 or 8 scales, found 3/,
  },
  {
    name: "weights without scales",
    change: without(T.taps),
    refused: /operator 1: DEPTHWISE_CONV_2D: weights taps: expected constant int8 weights with a scale/,
  },
  {
    name: "filters with a zero point",
    change: scaled(T.rows, { zeroPoints: [3] }),
    refused: /operator 3: FULLY_CONNECTED: weights rows: expected zero points of 0, found 3/,
  },
];

const activationCases: FieldCase[] = [
  { name: "activations along no axis", change: scaled(T.convolved, { axis: 5 }) },
  {
    name: "activations with two scales",
    change: scaled(T.convolved, { scales: [0.06, 9], zeroPoints: [-4, 9] }),
  },
  { name: "activations with two zero points", change: scaled(T.mean, { zeroPoints: [-2, 90] }) },
  {
    name: "numbers of axes with a scale",
    change: ({ tensors }) => {
      tensors[T.axes]![4] = quantization({ scales: [0.5, 0.25, -1], zeroPoints: [4], axis: 2 });
    },
  },
  {
    name: "least, greatest, and a quantisation of other makers",
    change: ({ tensors }) => {
      for (const each of tensors) {
        const { table } = (each[4] ?? { table: {} }) as { table: Fields };
        const details = { 4: { u8: 1 }, 5: { table: { 0: { bytes: Uint8Array.of(1, 2) } } } };
        each[4] = { table: { ...table, 0: { f32s: [5] }, 1: { f32s: [-5, 2] }, ...details } };
      }
    },
  },
  {
    name: "shapes with an open batch beside them",
    change: ({ tensors }) => {
      for (const each of tensors) each[7] = { i32s: [-1, 4, 4, 8, 2] };
      for (const each of tensors) each[8] = { u8: 1 };
    },
  },
  {
    name: "activations without a zero point",
    change: scaled(T.convolved, { zeroPoints: [] }),
    refused: /operator 0, operator 1: tensor convolved: expected a zero point beside its scale, found none/,
  },
];

const RESOURCE = 13;

const structureCases: FieldCase[] = [
  {
    name: "unused tensors of any kind",
    change: ({ tensors }) => {
      tensors.push(tensor("", [], RESOURCE, 99), tensor("image", [1, 2, 3, 4, 5, 6, 7, 8, 9, -1], 5, 1));
      tensors.push(tensor("image", [0], 77, -5, { scales: [-1, 0], zeroPoints: [1e6], axis: -7 }), {});
      tensors.push({ ...tensor("sparse", [4], INT8, 1), 6: { table: {} } });
    },
  },
  {
    name: "operators that nothing depends on",
    change: ({ operators, tensors }) => {
      tensors.push(tensor("unused", IMAGE, INT8, 0));
      operators.push(operator(4, [T.image], tensors.length - 1, 9, {}));
    },
  },
  {
    name: "operators without versions",
    change: ({ codes }) => {
      for (const code of codes) delete code[2];
    },
  },
  {
    name: "operators of version 99",
    change: ({ codes }) => {
      for (const code of codes) code[2] = { i32: 99 };
    },
  },
  {
    name: "operators by the old field alone",
    change: ({ codes }) => {
      for (const code of codes) delete code[3];
    },
  },
  {
    name: "operators by the new field alone",
    change: ({ codes }) => {
      for (const code of codes) delete code[0];
    },
  },
  {
    name: "operators that no one uses",
    change: ({ codes }) => {
      codes.push({ 0: { u8: 32 }, 1: { text: "Custom" } }, { 0: { u8: 127 }, 3: { i32: 9999 } }, {});
    },
  },
  {
    name: "further subgraphs",
    change: ({ others }) => {
      others.push(
        { 3: { tables: [{ 0: { i32: 77 } }] } },
        { 0: { tables: [tensor("x", [-1], RESOURCE, 9)] } },
      );
    },
  },
  {
    name: "signatures, metadata and a description",
    change: ({ model }) => {
      const signature = {
        0: { tables: [{ 0: { text: "pixels" }, 1: { i32: T.filters } }] },
        2: { text: "serving_default" },
      };
      model[3] = { text: "" };
      model[5] = { i32s: [12, -1] };
      model[6] = { tables: [{ 0: { text: "min_runtime_version" }, 1: { i32: 99 } }, {}] };
      model[7] = { tables: [{ ...signature, 4: { i32: 3 } }, {}] };
    },
  },
  {
    name: "no name of the subgraph",
    change: ({ subgraph }) => {
      delete subgraph[4];
    },
  },
  {
    name: "buffers that nobody uses",
    change: ({ buffers }) => {
      buffers.push(
        { 0: { bytes: Uint8Array.of(1, 2, 3) } },
        {},
        { 1: { u64: 1 << 20 }, 2: { u64: 1 << 20 } },
      );
    },
  },
  {
    name: "intermediates and variables of operators",
    change: ({ operators }) => {
      for (const each of operators)
        Object.assign(each, { 5: { bytes: Uint8Array.of(1) }, 8: { i32s: [99] } });
    },
  },
  {
    name: "constants after the FlatBuffer",
    change: ({ buffers, outside }) => {
      for (const index of BUFFERS) outside.set(index, (buffers[index]![0] as { bytes: Uint8Array }).bytes);
    },
  },
  {
    name: "no subgraph",
    change: ({ model }) => {
      model[2] = { tables: [] };
    },
    refused: /^expected a subgraph, found none$/,
  },
  {
    name: "constants beyond the end of the file",
    change: ({ buffers }) => {
      buffers[1] = { 1: { u64: 1 << 20 }, 2: { u64: 576 } };
    },
    refused: /^offset 1049152: expected data within \d+ bytes$/,
  },
  {
    name: "constants of other files, and one of no buffer, at once",
    change: ({ tensors }) => {
      tensors[T.filters]![10] = { i32: 5 };
      tensors[T.rows]![2] = { i32: 99 };
    },
    refused:
      /operator 0: tensor filters: expected its values in this file, found external buffer 5; operator 3: tensor rows: expected a buffer below 8, found 99$/,
  },
  {
    name: "sparse weights",
    change: ({ tensors }) => {
      tensors[T.rows]![6] = { table: {} };
    },
    refused: /operator 3: tensor rows: sparse tensors are not supported/,
  },
];

/** Names are for people; a file may leave out all of them, or call everything alike. */
const nameCases: FieldCase[] = [
  { name: "no names of tensors", change: renamed(() => undefined) },
  { name: "empty names of tensors", change: renamed(() => "") },
  { name: "one name for all tensors", change: renamed(() => "x") },
  { name: "names of fused layers", change: renamed((i) => `layer_${i};x;y`) },
  { name: "names of separators", change: renamed(() => ";") },
];

export const fieldCases: readonly FieldCase[] = [
  ...biasCases,
  ...weightsCases,
  ...activationCases,
  ...structureCases,
  ...nameCases,
  {
    name: "all of the older converters at once",
    change: all(
      scaled(T.filterBias, { axis: 3 }),
      scaled(T.tapBias, { axis: 3 }),
      scaled(T.convolved, { axis: 3 }),
    ),
  },
];
