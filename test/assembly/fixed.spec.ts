import {
  clamp,
  doublingHighMul,
  expOnNegative,
  oneOverOnePlus,
  requantize,
  roundingDivideByPowerOfTwo,
  saturatingMultiplyByPowerOfTwo,
  saturatingRoundingDoublingHighMul,
} from "../../assembly/fixed";
import {
  DIVIDE_BY_POWER_OF_TWO,
  EXP_ON_NEGATIVE,
  HIGH_MUL,
  ONE_OVER_ONE_PLUS,
  REQUANTIZE,
} from "./fixed_vectors";

const MIN: i32 = i32.MIN_VALUE;
const MAX: i32 = i32.MAX_VALUE;
const TWO_TO_31: f64 = 2147483648;
const TWO_TO_26: f64 = 67108864;

describe("saturatingRoundingDoublingHighMul", () => {
  test("vectors", () => {
    expect<i32>(HIGH_MUL.length).toBe(3 * 400);
    for (let i = 0; i < HIGH_MUL.length; i += 3) {
      const a: i32 = HIGH_MUL[i];
      const b: i32 = HIGH_MUL[i + 1];
      const found: i32 = saturatingRoundingDoublingHighMul(a, b);
      expect<i32>(found).toBe(HIGH_MUL[i + 2], a.toString() + " * " + b.toString());
    }
  });

  test("doublingHighMul is the same but for MIN * MIN", () => {
    for (let i = 0; i < HIGH_MUL.length; i += 3) {
      const a: i32 = HIGH_MUL[i];
      const b: i32 = HIGH_MUL[i + 1];
      if (a == MIN && b == MIN) continue;
      expect<i32>(doublingHighMul(a, b)).toBe(HIGH_MUL[i + 2], a.toString() + " * " + b.toString());
    }
  });

  test("halves go up", () => {
    // 2^15 * 2^15 / 2^31 = 1/2; three times that is 3/2
    expect<i32>(saturatingRoundingDoublingHighMul(1 << 15, 1 << 15)).toBe(1);
    expect<i32>(saturatingRoundingDoublingHighMul(-(1 << 15), 1 << 15)).toBe(0);
    expect<i32>(saturatingRoundingDoublingHighMul(3 << 15, 1 << 15)).toBe(2);
    expect<i32>(saturatingRoundingDoublingHighMul(-(3 << 15), 1 << 15)).toBe(-1);
  });

  test("MIN * MIN saturates", () => {
    expect<i32>(saturatingRoundingDoublingHighMul(MIN, MIN)).toBe(MAX);
    expect<i32>(saturatingRoundingDoublingHighMul(MIN, MAX)).toBe(-MAX);
  });
});

describe("roundingDivideByPowerOfTwo", () => {
  test("vectors", () => {
    expect<i32>(DIVIDE_BY_POWER_OF_TWO.length).toBe(3 * 400);
    for (let i = 0; i < DIVIDE_BY_POWER_OF_TWO.length; i += 3) {
      const x: i32 = DIVIDE_BY_POWER_OF_TWO[i];
      const exponent: i32 = DIVIDE_BY_POWER_OF_TWO[i + 1];
      const found: i32 = roundingDivideByPowerOfTwo(x, exponent);
      expect<i32>(found).toBe(DIVIDE_BY_POWER_OF_TWO[i + 2], x.toString() + " / 2^" + exponent.toString());
    }
  });

  test("halves go away from zero", () => {
    expect<i32>(roundingDivideByPowerOfTwo(5, 1)).toBe(3); // 2.5
    expect<i32>(roundingDivideByPowerOfTwo(-5, 1)).toBe(-3); // -2.5
    expect<i32>(roundingDivideByPowerOfTwo(6, 2)).toBe(2); // 1.5
    expect<i32>(roundingDivideByPowerOfTwo(-6, 2)).toBe(-2); // -1.5
    expect<i32>(roundingDivideByPowerOfTwo(-5, 2)).toBe(-1); // -1.25
  });

  test("exponent 31, the greatest", () => {
    expect<i32>(roundingDivideByPowerOfTwo(MIN, 31)).toBe(-1);
    expect<i32>(roundingDivideByPowerOfTwo(MAX, 31)).toBe(1); // 0.9999...
    expect<i32>(roundingDivideByPowerOfTwo(1 << 30, 31)).toBe(1); // a half
    expect<i32>(roundingDivideByPowerOfTwo((1 << 30) - 1, 31)).toBe(0);
    expect<i32>(roundingDivideByPowerOfTwo(-(1 << 30), 31)).toBe(-1);
    expect<i32>(roundingDivideByPowerOfTwo(1 - (1 << 30), 31)).toBe(0);
  });
});

describe("requantize", () => {
  test("vectors, shifts -31 to 30", () => {
    expect<i32>(REQUANTIZE.length).toBe(4 * 400);
    for (let i = 0; i < REQUANTIZE.length; i += 4) {
      const x: i32 = REQUANTIZE[i];
      const multiplier: i32 = REQUANTIZE[i + 1];
      const shift: i32 = REQUANTIZE[i + 2];
      const message: string = x.toString() + " * " + multiplier.toString() + " shift " + shift.toString();
      expect<i32>(requantize(x, multiplier, shift)).toBe(REQUANTIZE[i + 3], message);
    }
  });

  test("a factor of one", () => {
    // 2^30 * 2^1 / 2^31 = 1
    expect<i32>(requantize(1234567, 1 << 30, 1)).toBe(1234567);
    expect<i32>(requantize(-1234567, 1 << 30, 1)).toBe(-1234567);
  });

  test("it rounds twice", () => {
    // 6 * 2^30 / 2^31 = 3, then 3 / 2 = 1.5 goes to 2. 5 * 2^30 / 2^31 = 2.5 goes to 3, and 3 / 2 to 2,
    // where one rounding of 1.25 gives 1.
    expect<i32>(requantize(6, 1 << 30, -1)).toBe(2);
    expect<i32>(requantize(5, 1 << 30, -1)).toBe(2);
    // -5 * 2^30 / 2^31 = -2.5 goes up to -2, and -2 / 2 = -1.
    expect<i32>(requantize(-5, 1 << 30, -1)).toBe(-1);
  });

  test("a multiplier of zero", () => {
    expect<i32>(requantize(MAX, 0, 0)).toBe(0);
    expect<i32>(requantize(MIN, 0, 0)).toBe(0);
  });
});

describe("clamp", () => {
  test("below, inside, above and at the bounds", () => {
    expect<i32>(clamp(-129, -128, 127)).toBe(-128);
    expect<i32>(clamp(-128, -128, 127)).toBe(-128);
    expect<i32>(clamp(5, -128, 127)).toBe(5);
    expect<i32>(clamp(127, -128, 127)).toBe(127);
    expect<i32>(clamp(128, -128, 127)).toBe(127);
  });

  test("the ends of int32 and a range of one value", () => {
    expect<i32>(clamp(MIN, -128, 127)).toBe(-128);
    expect<i32>(clamp(MAX, -128, 127)).toBe(127);
    expect<i32>(clamp(MIN, 3, 3)).toBe(3);
    expect<i32>(clamp(MAX, 3, 3)).toBe(3);
    expect<i32>(clamp(MIN, MIN, MAX)).toBe(MIN);
    expect<i32>(clamp(MAX, MIN, MAX)).toBe(MAX);
  });
});

describe("saturatingMultiplyByPowerOfTwo", () => {
  test("what fits is exact", () => {
    expect<i32>(saturatingMultiplyByPowerOfTwo(0, 31)).toBe(0);
    expect<i32>(saturatingMultiplyByPowerOfTwo(3, 2)).toBe(12);
    expect<i32>(saturatingMultiplyByPowerOfTwo(-3, 2)).toBe(-12);
    expect<i32>(saturatingMultiplyByPowerOfTwo((1 << 30) - 1, 1)).toBe(MAX - 1);
    expect<i32>(saturatingMultiplyByPowerOfTwo(-(1 << 30) + 1, 1)).toBe(MIN + 2);
  });

  test("what does not goes to the bound", () => {
    expect<i32>(saturatingMultiplyByPowerOfTwo(1 << 30, 1)).toBe(MAX);
    expect<i32>(saturatingMultiplyByPowerOfTwo(-(1 << 30), 1)).toBe(MIN); // exact, and the bound
    expect<i32>(saturatingMultiplyByPowerOfTwo(-(1 << 30) - 1, 1)).toBe(MIN);
    expect<i32>(saturatingMultiplyByPowerOfTwo(MAX, 1)).toBe(MAX);
    expect<i32>(saturatingMultiplyByPowerOfTwo(MIN, 1)).toBe(MIN);
    expect<i32>(saturatingMultiplyByPowerOfTwo(1, 31)).toBe(MAX);
    expect<i32>(saturatingMultiplyByPowerOfTwo(-1, 31)).toBe(MIN);
  });
});

describe("expOnNegative", () => {
  test("gemmlowp's values, bit for bit", () => {
    for (let i = 0; i < EXP_ON_NEGATIVE.length; i += 2) {
      const a: i32 = EXP_ON_NEGATIVE[i];
      expect<i32>(expOnNegative(a)).toBe(EXP_ON_NEGATIVE[i + 1], "exp of " + a.toString());
    }
  });

  // The series ends with its fourth term, and the fifth, (1/8)^5 / 120, is the error: 2.5e-7.
  test("within 2.5e-7 of exp", () => {
    for (let i = 0; i < EXP_ON_NEGATIVE.length; i += 2) {
      const a: i32 = EXP_ON_NEGATIVE[i];
      const found: f64 = <f64>expOnNegative(a) / TWO_TO_31;
      const error: f64 = Math.abs(found - Math.exp(<f64>a / TWO_TO_26));
      expect<f64>(error).toBeLessThan(2.5e-7, "exp of " + a.toString());
    }
  });

  test("ends of the range", () => {
    expect<i32>(expOnNegative(0)).toBe(MAX); // one, saturated
    expect<i32>(expOnNegative(MIN)).toBe(0); // exp(-32) * 2^31 is below a half
  });
});

describe("oneOverOnePlus", () => {
  test("gemmlowp's values, bit for bit", () => {
    for (let i = 0; i < ONE_OVER_ONE_PLUS.length; i += 2) {
      const a: i32 = ONE_OVER_ONE_PLUS[i];
      expect<i32>(oneOverOnePlus(a)).toBe(ONE_OVER_ONE_PLUS[i + 1], "1 / (1 + " + a.toString() + ")");
    }
  });

  test("within 1e-8 of the quotient", () => {
    for (let i = 0; i < ONE_OVER_ONE_PLUS.length; i += 2) {
      const a: i32 = ONE_OVER_ONE_PLUS[i];
      const found: f64 = <f64>oneOverOnePlus(a) / TWO_TO_31;
      const error: f64 = Math.abs(found - 1 / (1 + <f64>a / TWO_TO_31));
      expect<f64>(error).toBeLessThan(1e-8, "1 / (1 + " + a.toString() + ")");
    }
  });

  test("ends of the range", () => {
    expect<i32>(oneOverOnePlus(0)).toBe(MAX); // one, saturated
  });
});
