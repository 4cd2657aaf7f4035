import { svm } from "../../assembly/kernels/svm";
import { expectOutput, int16, int32, int8, reset, room, scratch } from "./workbench";

const RBF: i32 = 0;
const POLY: i32 = 1;
const SIGMOID: i32 = 2;

function expectInt32(at: usize, expected: StaticArray<i32>): void {
  const bytes = new StaticArray<i8>(expected.length << 2);
  memory.copy(changetype<usize>(bytes), changetype<usize>(expected), bytes.length);
  expectOutput(at, bytes);
}

/** What a case is about; one feature, no zero points and no shifts where it does not say otherwise. */
class Case {
  features: i32 = 1;
  inputBytes: i32 = 1;
  inputZeroPoint: i32 = 0;
  vectorZeroPoint: i32 = 0;
  inputShift: i32 = 0;
  kind: i32 = RBF;
  degree: i32 = 1;
  before: i32 = 0;
  addend: i32 = 0;
  limit: i32 = 0;
  multiplier: i32 = 0;
  shift: i32 = 1;
  outputShift: i32 = 0;
}

/** One machine without classes and one decision; vectors are int8. */
function check(
  c: Case,
  input: usize,
  vectors: StaticArray<i8>,
  coefficients: StaticArray<i16>,
  bias: i32,
  expected: StaticArray<i32>,
): void {
  const count: i32 = coefficients.length;
  const output: usize = room(4);
  svm({
    input,
    vectors: int8(vectors),
    coefficients: int16(coefficients),
    bias: int32([bias]),
    output,
    counts: int16([<i16>count]),
    decisions: int16([0]),
    scratch: scratch(8 + 4 * c.features),
    rows: 1,
    features: c.features,
    count,
    groups: 1,
    columns: 1,
    outputs: 1,
    inputBytes: <i8>c.inputBytes,
    vectorBytes: 1,
    inputZeroPoint: <i16>c.inputZeroPoint,
    vectorZeroPoint: c.vectorZeroPoint,
    inputShift: <i8>c.inputShift,
    kind: <i8>c.kind,
    degree: c.degree,
    before: <i8>c.before,
    addend: c.addend,
    limit: c.limit,
    multiplier: c.multiplier,
    shift: <i8>c.shift,
    outputShift: <i8>c.outputShift,
  });
  expectInt32(output, expected);
}

describe("svm", () => {
  test("RBF: one where the distance is zero, nothing beyond the limit", () => {
    reset();
    // exp(0) is 2^31 - 1: 2 * (2^31 - 1) / 2^31 rounds to 2; the vector 9 away has a distance of 81
    check({ limit: 80, multiplier: 1 << 30, outputShift: 31 }, int8([-5]), [-5, 4], [2, 100], 7, [9]);
  });

  test("RBF: exp(-1) of a distance of 4, zero points that differ", () => {
    reset();
    // 4 * 2^24 is 1 in Q5.26; exp(-1) in Q0.31 is 790015084 but for rounding: / 2^16 is 12054.7
    check(
      {
        features: 2, inputZeroPoint: -3, vectorZeroPoint: 2, limit: 100, multiplier: 1 << 30, shift: 6,
        outputShift: 16,
      },
      int8([-3, -3]), [4, 2], [1], 0, [12055],
    );
  });

  test("a product to a power, in Q0.31", () => {
    reset();
    // (2 * 3 + 4 * -1) + 2^30 - 2 is a half; its cube is an eighth: 2^28 * 3 / 2^20
    check(
      { features: 2, kind: POLY, degree: 3, addend: (1 << 30) - 2, outputShift: 20 },
      int8([2, 4]), [3, -1], [3], -1, [767],
    );
  });

  test("a product with the vectors' zero point taken off", () => {
    reset();
    // 5 * (7 - 4) + 6 * (1 - 4) = -3, of int16 shifted by one bit from 10 and 12
    check(
      { features: 2, inputBytes: 2, inputShift: 1, kind: POLY, vectorZeroPoint: 4 },
      int16([10, 12]), [7, 1], [100], 5, [-295],
    );
  });

  test("tanh saturates at both ends and is 0 at 0", () => {
    reset();
    check(
      { kind: SIGMOID, limit: 31, multiplier: 1 << 30, shift: 4, outputShift: 30 },
      int8([100]), [1], [1], 0, [2],
    );
    reset();
    check(
      { kind: SIGMOID, limit: 31, multiplier: 1 << 30, shift: 4, outputShift: 30 },
      int8([-100]), [1], [1], 0, [-2],
    );
    reset();
    check(
      { kind: SIGMOID, limit: 31, multiplier: 1 << 30, shift: 4, outputShift: 30 },
      int8([0]), [1], [1], 3, [3],
    );
  });

  test("three classes: a coefficient belongs to the pair of its class and its column's", () => {
    reset();
    const output: usize = room(12);
    // every kernel is 2^31 - 1, so that decisions are sums of coefficients; pairs 01, 02, 12
    svm({
      input: int8([0]),
      vectors: int8([0, 0, 0]),
      coefficients: int16([1, 20, 300, 4000, 50, 600]),
      bias: int32([0, 0, 0]),
      output,
      counts: int16([1, 1, 1]),
      decisions: int16([0, 1, 0, 2, 1, 2]),
      scratch: scratch(28),
      rows: 1,
      features: 1,
      count: 3,
      groups: 3,
      columns: 2,
      outputs: 3,
      inputBytes: 1,
      vectorBytes: 1,
      inputZeroPoint: 0,
      vectorZeroPoint: 0,
      inputShift: 0,
      kind: <i8>RBF,
      degree: 1,
      before: 0,
      addend: 0,
      limit: 100,
      multiplier: 1 << 30,
      shift: 1,
      outputShift: 31,
    });
    expectInt32(output, [301, 70, 4600]);
  });
});
