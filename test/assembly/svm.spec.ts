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
  svm(
    input, int8(vectors), int16(coefficients), int32([bias]), output, int16([<i16>count]), int16([0]),
    scratch(8 + 4 * c.features), 1, c.features, count, 1, 1, 1, c.inputBytes, 1, c.inputZeroPoint,
    c.vectorZeroPoint, c.inputShift, c.kind, c.degree, c.before, c.addend, c.limit, c.multiplier, c.shift,
    c.outputShift,
  );
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
    svm(
      int8([0]), int8([0, 0, 0]), int16([1, 20, 300, 4000, 50, 600]), int32([0, 0, 0]), output,
      int16([1, 1, 1]), int16([0, 1, 0, 2, 1, 2]), scratch(28), 1, 1, 3, 3, 2, 3, 1, 1, 0, 0, 0, RBF, 1,
      0, 0, 100, 1 << 30, 1, 31,
    );
    expectInt32(output, [301, 70, 4600]);
  });
});
