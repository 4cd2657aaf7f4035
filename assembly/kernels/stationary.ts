/** Inputs that stay in locals while the outputs pass by. */
const CHUNK: i32 = 32;

/**
 * Sums of a matrix product, sums[o] = bias[o] + sum of input[k] * weights[o, k], with the weights in
 * blocks of four outputs (fully_connected_s8). To an interpreter a local costs nothing and a load as much
 * as two multiplications: so a chunk of the inputs stays in locals, and the sums of all outputs wait in
 * memory. asc has no arrays that become locals, hence the long form.
 */
export function stationarySums(
  input: usize,
  weights: usize,
  bias: usize,
  sums: usize,
  depth: i32,
  outputs: i32,
): void {
  memory.copy(sums, bias, outputs << 2);
  const whole: i32 = depth & -CHUNK;
  const blocks: usize = sums + ((outputs & ~3) << 2);
  for (let first: i32 = 0; first < whole; first += CHUNK) {
    const inputs: usize = input + first;
    const x0: i32 = load<i8>(inputs, 0);
    const x1: i32 = load<i8>(inputs, 1);
    const x2: i32 = load<i8>(inputs, 2);
    const x3: i32 = load<i8>(inputs, 3);
    const x4: i32 = load<i8>(inputs, 4);
    const x5: i32 = load<i8>(inputs, 5);
    const x6: i32 = load<i8>(inputs, 6);
    const x7: i32 = load<i8>(inputs, 7);
    const x8: i32 = load<i8>(inputs, 8);
    const x9: i32 = load<i8>(inputs, 9);
    const x10: i32 = load<i8>(inputs, 10);
    const x11: i32 = load<i8>(inputs, 11);
    const x12: i32 = load<i8>(inputs, 12);
    const x13: i32 = load<i8>(inputs, 13);
    const x14: i32 = load<i8>(inputs, 14);
    const x15: i32 = load<i8>(inputs, 15);
    const x16: i32 = load<i8>(inputs, 16);
    const x17: i32 = load<i8>(inputs, 17);
    const x18: i32 = load<i8>(inputs, 18);
    const x19: i32 = load<i8>(inputs, 19);
    const x20: i32 = load<i8>(inputs, 20);
    const x21: i32 = load<i8>(inputs, 21);
    const x22: i32 = load<i8>(inputs, 22);
    const x23: i32 = load<i8>(inputs, 23);
    const x24: i32 = load<i8>(inputs, 24);
    const x25: i32 = load<i8>(inputs, 25);
    const x26: i32 = load<i8>(inputs, 26);
    const x27: i32 = load<i8>(inputs, 27);
    const x28: i32 = load<i8>(inputs, 28);
    const x29: i32 = load<i8>(inputs, 29);
    const x30: i32 = load<i8>(inputs, 30);
    const x31: i32 = load<i8>(inputs, 31);
    let filter: usize = weights + (first << 2);
    for (let sum: usize = sums; sum < blocks; filter += (depth << 2) - 4) {
      for (const end: usize = sum + 16; sum < end; sum += 8, filter += 2) {
        store<i32>(
          sum,
          load<i32>(sum) +
          x0 * <i32>load<i8>(filter) +
          x1 * <i32>load<i8>(filter, 4) +
          x2 * <i32>load<i8>(filter, 8) +
          x3 * <i32>load<i8>(filter, 12) +
          x4 * <i32>load<i8>(filter, 16) +
          x5 * <i32>load<i8>(filter, 20) +
          x6 * <i32>load<i8>(filter, 24) +
          x7 * <i32>load<i8>(filter, 28) +
          x8 * <i32>load<i8>(filter, 32) +
          x9 * <i32>load<i8>(filter, 36) +
          x10 * <i32>load<i8>(filter, 40) +
          x11 * <i32>load<i8>(filter, 44) +
          x12 * <i32>load<i8>(filter, 48) +
          x13 * <i32>load<i8>(filter, 52) +
          x14 * <i32>load<i8>(filter, 56) +
          x15 * <i32>load<i8>(filter, 60) +
          x16 * <i32>load<i8>(filter, 64) +
          x17 * <i32>load<i8>(filter, 68) +
          x18 * <i32>load<i8>(filter, 72) +
          x19 * <i32>load<i8>(filter, 76) +
          x20 * <i32>load<i8>(filter, 80) +
          x21 * <i32>load<i8>(filter, 84) +
          x22 * <i32>load<i8>(filter, 88) +
          x23 * <i32>load<i8>(filter, 92) +
          x24 * <i32>load<i8>(filter, 96) +
          x25 * <i32>load<i8>(filter, 100) +
          x26 * <i32>load<i8>(filter, 104) +
          x27 * <i32>load<i8>(filter, 108) +
          x28 * <i32>load<i8>(filter, 112) +
          x29 * <i32>load<i8>(filter, 116) +
          x30 * <i32>load<i8>(filter, 120) +
          x31 * <i32>load<i8>(filter, 124),
        );
        store<i32>(
          sum,
          load<i32>(sum, 4) +
          x0 * <i32>load<i8>(filter, 1) +
          x1 * <i32>load<i8>(filter, 5) +
          x2 * <i32>load<i8>(filter, 9) +
          x3 * <i32>load<i8>(filter, 13) +
          x4 * <i32>load<i8>(filter, 17) +
          x5 * <i32>load<i8>(filter, 21) +
          x6 * <i32>load<i8>(filter, 25) +
          x7 * <i32>load<i8>(filter, 29) +
          x8 * <i32>load<i8>(filter, 33) +
          x9 * <i32>load<i8>(filter, 37) +
          x10 * <i32>load<i8>(filter, 41) +
          x11 * <i32>load<i8>(filter, 45) +
          x12 * <i32>load<i8>(filter, 49) +
          x13 * <i32>load<i8>(filter, 53) +
          x14 * <i32>load<i8>(filter, 57) +
          x15 * <i32>load<i8>(filter, 61) +
          x16 * <i32>load<i8>(filter, 65) +
          x17 * <i32>load<i8>(filter, 69) +
          x18 * <i32>load<i8>(filter, 73) +
          x19 * <i32>load<i8>(filter, 77) +
          x20 * <i32>load<i8>(filter, 81) +
          x21 * <i32>load<i8>(filter, 85) +
          x22 * <i32>load<i8>(filter, 89) +
          x23 * <i32>load<i8>(filter, 93) +
          x24 * <i32>load<i8>(filter, 97) +
          x25 * <i32>load<i8>(filter, 101) +
          x26 * <i32>load<i8>(filter, 105) +
          x27 * <i32>load<i8>(filter, 109) +
          x28 * <i32>load<i8>(filter, 113) +
          x29 * <i32>load<i8>(filter, 117) +
          x30 * <i32>load<i8>(filter, 121) +
          x31 * <i32>load<i8>(filter, 125),
          4,
        );
      }
    }
  }
  addRest(input, weights, sums, depth, outputs, whole);
}

/** What is left: the last terms of whole blocks, and all terms of a narrower block. */
function addRest(input: usize, weights: usize, sums: usize, depth: i32, outputs: i32, whole: i32): void {
  for (let output = 0; output < outputs; output++) {
    const block: i32 = output & ~3;
    const width: i32 = min(outputs - block, 4);
    let sum: i32 = load<i32>(sums + (<usize>output << 2));
    for (let k: i32 = width == 4 ? whole : 0; k < depth; k++) {
      const filter: usize = weights + <usize>(block * depth + k * width + (output & 3));
      sum += <i32>load<i8>(input + k) * <i32>load<i8>(filter);
    }
    store<i32>(sums + (<usize>output << 2), sum);
  }
}
