/**
 * Real values to integers and back: firmware/SPEC.md, section 2.2, in the steps of host/ops/real_values.ts.
 */

/** An input or an output, as host/runtime/model/server_plan.ts writes it. */
@unmanaged
export class Tensor {
  raw: usize;
  length: i32;
  /** 0 int8, 1 uint8, 2 int16, 3 int32. */
  type: i32;
  scale: f32;
  zeroPoint: i32;
  /**
   * Offset and factor of each value, [length] f32 each, where values are not looked up in `columns`; 0
   * where there are none.
   */
  offsets: usize;
  factors: usize;
  /** Columns, of which the value at number i has i % columnCount; 0 where offsets or nothing do. */
  columns: usize;
  columnCount: i32;
  /** Whether NaN is refused. */
  refuses: i32;
  /** 1 / scale where scale is a power of two, else 0. */
  inverse: f32;
}

/** What happens to the values of a feature that has bins or may be missing. */
@unmanaged
export class Column {
  offset: f32;
  factor: f32;
  missing: f32;
  /** Bit 0: it has a missing value; bit 1: that is the greatest integer. */
  flags: i32;
  edges: usize;
  /** -1 where there are no bins. */
  edgeCount: i32;
}

// @ts-ignore: decorator
@inline
export function sizeOf(type: i32): usize {
  return type < 2 ? 1 : type == 2 ? 2 : 4;
}

// @ts-ignore: decorator
@inline
function leastOf(type: i32): i32 {
  return type == 0 ? -128 : type == 1 ? 0 : type == 2 ? -32768 : i32.MIN_VALUE;
}

// @ts-ignore: decorator
@inline
function mostOf(type: i32): i32 {
  return type == 0 ? 127 : type == 1 ? 255 : type == 2 ? 32767 : i32.MAX_VALUE;
}

// @ts-ignore: decorator
@inline
function storeRaw(place: usize, type: i32, value: i32): void {
  if (type < 2) store<i8>(place, value);
  else if (type == 2) store<i16>(place, value);
  else store<i32>(place, value);
}

/** Whether one of the values is not a number. */
export function hasNan(values: usize, length: i32): bool {
  let i: i32 = 0;
  let found: v128 = i32x4.splat(0);
  for (; i + 4 <= length; i += 4) {
    const four: v128 = v128.load(values + (<usize>i << 2));
    found = v128.or(found, f32x4.ne(four, four));
  }
  for (; i < length; i++) {
    const one: f32 = load<f32>(values + (<usize>i << 2));
    if (one != one) return true;
  }
  return v128.any_true(found);
}

function countBelow(edges: usize, count: i32, x: f32): i32 {
  let from: i32 = 0;
  let to: i32 = count;
  while (from < to) {
    const middle: i32 = (from + to) >> 1;
    if (load<f32>(edges + (<usize>middle << 2)) < x) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Halves away from zero; not a number stays what it is. */
// @ts-ignore: decorator
@inline
function steps(x: f32): f64 {
  const whole: f64 = floor<f64>(abs<f64>(<f64>x) + 0.5);
  return x < 0 ? -whole : whole;
}

/** One value at a time, of columns of every kind. */
function writeColumns(tensor: Tensor, values: usize): void {
  const type: i32 = tensor.type;
  const bytes: usize = sizeOf(type);
  const most: i32 = mostOf(type);
  const zeroPoint: i32 = tensor.zeroPoint;
  let place: usize = tensor.raw;
  let feature: i32 = 0;
  for (let i: i32 = 0; i < tensor.length; i++) {
    const column = changetype<Column>(tensor.columns + <usize>feature * offsetof<Column>());
    if (++feature == tensor.columnCount) feature = 0;
    const reserved: i32 = column.flags >> 1;
    let x: f32 = load<f32>(values + (<usize>i << 2));
    if (x != x && column.flags == 1) x = column.missing;
    x = (x - column.offset) * column.factor;
    if (column.edgeCount >= 0 && x == x)
      x = <f32>(countBelow(column.edges, column.edgeCount, x) - ((column.edgeCount + 1) >> 1));
    x /= tensor.scale;
    let q: i32 = reserved ? most : zeroPoint;
    if (x == x)
      q = <i32>max<f64>(<f64>leastOf(type), min<f64>(<f64>(most - reserved), steps(x) + <f64>zeroPoint));
    storeRaw(place, type, q);
    place += bytes;
  }
}

/** The greatest float32 below a half. */
const BELOW_HALF: f32 = 0.49999997;

/** Integers of four numbers that are in the type's range, in the lowest lanes. */
// @ts-ignore: decorator
@inline
function narrow<T>(q: v128): v128 {
  if (sizeof<T>() == 2) return i16x8.narrow_i32x4_s(q, q);
  return v128.shuffle<i8>(q, q, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
}

/** Four real values as integers. A division by a power of two is a multiplication, to the bit. */
// @ts-ignore: decorator
@inline
function round(x: v128, tensor: Tensor, least: v128, most: v128): v128 {
  const inverse: f32 = tensor.inverse;
  x = inverse != 0 ? f32x4.mul(x, f32x4.splat(inverse)) : f32x4.div(x, f32x4.splat(tensor.scale));
  // Halves away from zero: the number below a half is added, and the sum rounded to float32, then cut off.
  const half: v128 = v128.or(v128.and(x, i32x4.splat(i32.MIN_VALUE)), f32x4.splat(BELOW_HALF));
  // What is not a number stays so, and becomes 0.
  x = f32x4.pmax(f32x4.pmin(f32x4.add(x, half), most), least);
  return i32x4.add(i32x4.trunc_sat_f32x4_s(x), i32x4.splat(tensor.zeroPoint));
}

/** Four at a time of types up to 16 bits; reads up to three values more. */
function writeFour<T>(tensor: Tensor, values: usize): void {
  const least: v128 = f32x4.splat(<f32>(leastOf(tensor.type) - tensor.zeroPoint));
  const most: v128 = f32x4.splat(<f32>(mostOf(tensor.type) - tensor.zeroPoint));
  let place: usize = tensor.raw;
  let left: i32 = tensor.length;
  let offsets: usize = tensor.offsets;
  let factors: usize = tensor.factors;
  for (; left > 0; left -= 4, values += 16, offsets += 16, factors += 16) {
    let x: v128 = v128.load(values);
    if (tensor.offsets) x = f32x4.mul(f32x4.sub(x, v128.load(offsets)), v128.load(factors));
    const q: v128 = narrow<T>(round(x, tensor, least, most));
    if (left < 4) {
      // As many of the lowest numbers as there are, from the lowest on.
      let rest: i32 = i32x4.extract_lane(q, 0);
      if (sizeof<T>() == 2 && left > 2) store<T>(place, <T>i32x4.extract_lane(q, 1), 4);
      store<T>(place, <T>rest);
      rest >>= 8 * sizeof<T>();
      if (left > 1) store<T>(place, <T>rest, sizeof<T>());
      if (sizeof<T>() == 1 && left > 2) store<T>(place, <T>(rest >> 8), 2);
    } else if (sizeof<T>() == 2) v128.store64_lane(place, q, 0);
    else v128.store32_lane(place, q, 0);
    place += 4 * sizeof<T>();
  }
}

export function writeReal(tensor: Tensor, values: usize): void {
  if (tensor.columns) writeColumns(tensor, values);
  else if (tensor.type == 2) writeFour<i16>(tensor, values);
  else writeFour<i8>(tensor, values);
}

export function readReal(tensor: Tensor, values: usize): void {
  const type: i32 = tensor.type;
  const scale: f32 = tensor.scale;
  const zeroPoint: i32 = tensor.zeroPoint;
  const end: usize = values + (<usize>tensor.length << 2);
  let place: usize = tensor.raw;
  if (type == 2) {
    for (; values < end; values += 4, place += 2)
      store<f32>(values, <f32>(<i32>load<i16>(place) - zeroPoint) * scale);
  } else if (type == 0) {
    for (; values < end; values += 4, place++)
      store<f32>(values, <f32>(<i32>load<i8>(place) - zeroPoint) * scale);
  } else if (type == 1) {
    for (; values < end; values += 4, place++)
      store<f32>(values, <f32>(<i32>load<u8>(place) - zeroPoint) * scale);
  } else {
    // Beyond 53 bits nothing can be: the difference is exact, and then rounded once, as on the host.
    for (; values < end; values += 4, place += 4)
      store<f32>(values, <f32>(<f64>load<i32>(place) - <f64>zeroPoint) * scale);
  }
}
