"""Generates test/vectors/fixed.json: vectors for the fixed-point arithmetic of quantised inference.

Needs Python 3.9 or newer and nothing else. Run, from the top of the repository:
    python test/gen/fixed_vectors.py

Everything here is exact integer or rational arithmetic. Each function is written twice, once as the
mathematical statement and once step by step as gemmlowp (fixedpoint/fixedpoint.h) and TensorFlow Lite
(kernels/internal/quantization_util.cc, double rounding) define it; the two must agree on every vector.

- SaturatingRoundingDoublingHighMul(a, b), int32: floor(a*b / 2^31 + 1/2), so halves go towards plus
  infinity; the one overflow, a = b = -2^31, gives 2^31 - 1. Step by step: add a nudge of 2^30 to a product
  >= 0 and of 1 - 2^30 to one below, then divide by 2^31 truncating towards zero.
- RoundingDivideByPOT(x, e), int32, 0 <= e <= 31: x / 2^e rounded to nearest, halves away from zero.
- MultiplyByQuantizedMultiplier(x, m, s), int32, -31 <= s <= 30: for s > 0
  SaturatingRoundingDoublingHighMul(x * 2^s, m), otherwise
  RoundingDivideByPOT(SaturatingRoundingDoublingHighMul(x, m), -s). It rounds twice. Only x for which
  x * 2^s is an int32 are defined.
- QuantizeMultiplier(d), d >= 0: mantissa m and exponent s with d ~ m * 2^(s - 31) and 2^30 <= m < 2^31, the
  mantissa rounded to nearest (halves away from zero); a mantissa that rounds to 2^31 becomes 2^30 with
  s + 1; s < -31, tested after that, gives (0, 0); so does d = 0.

The file holds arrays [a, b, result], [x, e, result], [x, m, s, result] and [d, m, s].
"""

import json
import math
import random
from fractions import Fraction
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "vectors" / "fixed.json"
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
HALF = Fraction(1, 2)
COUNT = 400


def high_mul(a, b):
    return min(math.floor(Fraction(a * b, 2**31) + HALF), INT_MAX)


def high_mul_steps(a, b):
    if a == b == INT_MIN:
        return INT_MAX
    total = a * b + (2**30 if a * b >= 0 else 1 - 2**30)
    return total // 2**31 if total >= 0 else -(-total // 2**31)


def divide_by_pot(x, exponent):
    size = math.floor(Fraction(abs(x), 2**exponent) + HALF)
    return size if x >= 0 else -size


def divide_by_pot_steps(x, exponent):
    mask = 2**exponent - 1
    threshold = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> exponent) + (1 if (x & mask) > threshold else 0)


def multiply(x, multiplier, shift):
    return divide_by_pot(high_mul(x * 2 ** max(shift, 0), multiplier), max(-shift, 0))


def multiply_steps(x, multiplier, shift):
    left, right = (shift, 0) if shift > 0 else (0, -shift)
    return divide_by_pot_steps(high_mul_steps(x << left, multiplier), right)


def quantize_multiplier(number):
    """Works on the exact rational value of a double."""
    exact = Fraction(number)
    if exact == 0:
        return 0, 0
    shift = 0
    while exact >= 1:
        exact, shift = exact / 2, shift + 1
    while exact < HALF:
        exact, shift = exact * 2, shift - 1
    mantissa = math.floor(exact * 2**31 + HALF)
    if mantissa == 2**31:
        mantissa, shift = 2**30, shift + 1
    return (mantissa, shift) if shift >= -31 else (0, 0)


def quantize_multiplier_steps(number):
    fraction, shift = math.frexp(number)
    scaled = fraction * 2.0**31  # exact: only the exponent changes
    mantissa = int(scaled) + (1 if scaled - int(scaled) >= 0.5 else 0)
    if mantissa == 2**31:
        mantissa, shift = mantissa // 2, shift + 1
    return (mantissa, shift) if mantissa and shift >= -31 else (0, 0)


EDGES = (INT_MIN, INT_MIN + 1, -(2**30) - 1, -(2**30), -(2**30) + 1, -3, -2, -1, 0)
EDGES += tuple(-value for value in EDGES[-2:0:-1]) + (INT_MAX,)
MULTIPLIERS = (0, 1, 2**30, 2**30 + 1, 3 * 2**29, 2**31 - 2, INT_MAX)


def any_int32(rng):
    """Signed, of evenly distributed bit length, so that small numbers occur as well."""
    value = rng.randrange(2 ** rng.randint(1, 31))
    return -value if rng.random() < 0.5 else value


def high_mul_inputs(rng):
    yield from ((a, b) for a in EDGES for b in EDGES)
    for _ in range(60):  # a * b = (2n + 1) * 2^30, an exact half, and one beside it
        shift = rng.randint(1, 29)
        a, b = rng.choice((-1, 1)) * 2**shift, (2 * rng.randrange(2**shift) + 1) * 2 ** (30 - shift)
        yield a, b * rng.choice((-1, 1)) if b <= INT_MAX else 2 ** (30 - shift)
        yield a, min(b, INT_MAX - 1) + rng.choice((-1, 1))
    while True:
        yield any_int32(rng), any_int32(rng)


def divide_by_pot_inputs(rng):
    yield from ((x, e) for x in (INT_MIN, -1, 0, 1, INT_MAX) for e in range(32))
    for exponent in range(1, 31):  # exact halves of both signs and their neighbours
        half = (2 * rng.randrange(2 ** (31 - exponent - 1)) + 1) * 2 ** (exponent - 1)
        for sign in (1, -1):
            yield sign * half, exponent
            yield sign * half + rng.choice((-1, 1)), exponent
    while True:
        yield any_int32(rng), rng.randint(0, 31)


def multiply_inputs(rng):
    for shift in range(-31, 31):
        multiplier = rng.randint(2**30, INT_MAX)
        room = 31 - max(shift, 0)
        yield 2**room - 1, multiplier, shift
        yield -(2**room), rng.choice(MULTIPLIERS), shift
        yield rng.choice((-1, 1)), rng.randint(2**30, INT_MAX), shift
    for shift in range(-20, 0):  # halves in the second rounding: 2^30 halves x exactly
        x = (2 * rng.randrange(2**10) + 1) * 2**-shift
        yield x, 2**30, shift
        yield -x, 2**30, shift
        yield x + 1, 2**30, shift
        yield -x - 1, 2**30, shift
    while True:
        shift = rng.randint(-31, 30)
        bits = min(31 - max(shift, 0), rng.randint(1, 31))
        yield rng.randint(-(2**bits), 2**bits - 1), rng.randint(2**30, INT_MAX), shift


def quantize_multiplier_inputs(rng):
    yield from (0.0, 1.0, 0.5, 2.0, 1.5, 0.1, 1 / 3, 1 / 256, 1e-10, 255.0, 1048576.0, 2.0**30)
    for exponent in range(-36, 31):  # powers of two, and what rounds up to the next one
        yield 2.0**exponent
        yield math.nextafter(2.0 ** (exponent + 1), 0.0)
        yield (1 - 2.0**-32) * 2.0**exponent  # q * 2^31 = 2^31 - 1/2
    for _ in range(40):  # mantissas half way between two integers, and the doubles on either side
        half = (rng.randint(2**30, INT_MAX) + 0.5) * 2.0 ** rng.randint(-62, -20)
        yield half
        yield math.nextafter(half, rng.choice((0.0, math.inf)))
    while True:
        yield math.ldexp(rng.uniform(0.5, 1.0), rng.randint(-33, 14))


FUNCTIONS = {
    "saturatingRoundingDoublingHighMul": (high_mul_inputs, high_mul, high_mul_steps),
    "roundingDivideByPOT": (divide_by_pot_inputs, divide_by_pot, divide_by_pot_steps),
    "multiplyByQuantizedMultiplier": (multiply_inputs, multiply, multiply_steps),
    "quantizeMultiplier": (quantize_multiplier_inputs, quantize_multiplier, quantize_multiplier_steps),
}


def make_vectors(inputs, function, steps, seed):
    """The first COUNT different inputs with their results."""
    vectors, seen = [], set()
    for arguments in inputs(random.Random(seed)):
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        if arguments in seen:
            continue
        seen.add(arguments)
        result = function(*arguments)
        if result != steps(*arguments):
            raise AssertionError(f"{function.__name__}{arguments}: {result} is not {steps(*arguments)}")
        vectors.append([*arguments, *(result if isinstance(result, tuple) else (result,))])
        if len(vectors) == COUNT:
            return vectors


def main():
    tables = {name: make_vectors(*parts, seed=name) for name, parts in FUNCTIONS.items()}
    blocks = []
    for name, vectors in tables.items():
        lines = ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors)
        blocks.append(f'"{name}":[\n{lines}\n]')
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("{\n" + ",\n".join(blocks) + "\n}\n")
    print(f"{TARGET.name}: {', '.join(f'{name} {len(v)}' for name, v in tables.items())}")


if __name__ == "__main__":
    main()
