/** What the host does to a layer's tables before a kernel sees them (host/ops/layout.ts). */

/** Weights [outputs, terms] in blocks of four outputs of a group, the last one narrower. */
export function inBlocks(rows: StaticArray<i8>, outputs: i32, groups: i32 = 1): StaticArray<i8> {
  const terms: i32 = rows.length / outputs;
  const groupOutputs: i32 = outputs / groups;
  const blocks = new StaticArray<i8>(rows.length);
  let next: i32 = 0;
  for (let first = 0; first < outputs; ) {
    const endOfGroup: i32 = (first / groupOutputs + 1) * groupOutputs;
    const end: i32 = min(first + 4, endOfGroup);
    for (let term = 0; term < terms; term++) {
      for (let output = first; output < end; output++) blocks[next++] = rows[output * terms + term];
    }
    first = end;
  }
  return blocks;
}

/** Weights [outputs, terms] of -8 to 7 as codes of four bits, sixteen to a word (host/ops/packed.ts). */
export function inCodes(rows: StaticArray<i8>, outputs: i32): StaticArray<i8> {
  const terms: i32 = rows.length / outputs;
  const blocks: i32 = (outputs + 15) / 16;
  const bytes = new StaticArray<i8>(blocks * terms * 8);
  for (let place = 0; place < blocks * terms * 16; place++) {
    const word: i32 = place / 16;
    const channel: i32 = place % 16;
    const output: i32 = (word / terms) * 16 + channel;
    const code: i32 = (output < outputs ? rows[output * terms + (word % terms)] : 0) + 8;
    // The second and the third of each four channels have changed places.
    const lane: i32 = ((channel & 1) << 1) | ((channel >> 1) & 1);
    const bit: i32 = 16 * lane + 4 * (channel / 4);
    bytes[word * 8 + bit / 8] |= <i8>(code << (bit % 8));
  }
  return bytes;
}

/** The bias less `zeroPoint` times the sum of each row's weights. */
export function folded(rows: StaticArray<i8>, bias: StaticArray<i32>, zeroPoint: i32): StaticArray<i32> {
  const terms: i32 = rows.length / bias.length;
  const result = new StaticArray<i32>(bias.length);
  for (let output = 0; output < bias.length; output++) {
    let sum: i32 = 0;
    for (let term = 0; term < terms; term++) sum += rows[output * terms + term];
    result[output] = bias[output] - zeroPoint * sum;
  }
  return result;
}

export function filled8(length: i32, value: i8): StaticArray<i8> {
  return new StaticArray<i8>(length).fill(value);
}

export function filled32(length: i32, value: i32): StaticArray<i32> {
  return new StaticArray<i32>(length).fill(value);
}
