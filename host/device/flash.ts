/**
 * NOR flash, stricter than hardware: what a datasheet calls undefined is fatal here. Power can fail before, after
 * and in the middle of any operation that changes it.
 */

export interface FlashGeometry {
  readonly bytes: number;
  /** What one erase sets to 0xff. */
  readonly sectorBytes: number;
  /** Unit and alignment of programming. */
  readonly programBytes: number;
}

/** When power fails: at the operation of that number, from 0. */
export interface Cut {
  readonly operation: number;
  readonly when: "before" | "amid" | "after";
}

/** Power has failed: whatever ran is gone, and what flash holds is all that is left. */
export class PowerLoss extends Error {
  override readonly name = "PowerLoss";
}

/** The core did to flash what no core may do. */
export class FlashFault extends Error {
  override readonly name = "FlashFault";
}

export interface FlashStatistics {
  /** Operations that have changed flash: programs and erases. */
  readonly operations: number;
  readonly erases: number;
  readonly programmedBytes: number;
  /** Erases of the sector that has had most of them. */
  readonly mostErases: number;
}

export interface NorFlash {
  readonly geometry: FlashGeometry;
  /** All that flash holds: to read, to keep in a file, and to damage in tests. */
  readonly bytes: Uint8Array;
  /** Throws PowerLoss where a cut is due, FlashFault where hardware would do anything. */
  program(address: number, data: Uint8Array): void;
  erase(address: number): void;
  /** The next loss of power, counted from here; undefined for none. */
  cut(cut: Cut | undefined): void;
  statistics(): FlashStatistics;
}

/** xorshift32: what a cell holds when power fails amid an operation is anybody's guess, but the same in each run. */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Part of the bytes as wanted, one of them half-way, and the rest as they were. */
function programPart(cells: Uint8Array, data: Uint8Array, random: () => number): void {
  const whole = random() % data.length;
  for (let i = 0; i < whole; i++) cells[i]! &= data[i]!;
  cells[whole]! &= data[whole]! | (random() & 0xff);
}

/** Every byte as it was, erased, or with some bits set: cells do not come up together. */
function erasePart(cells: Uint8Array, random: () => number): void {
  cells.forEach((cell, i) => {
    const fate = random() % 3;
    if (fate > 0) cells[i] = fate === 1 ? 0xff : cell | (random() & 0xff);
  });
}

/** Erased flash, or one that holds `content`. Throws RangeError where that is of another size. */
export function norFlash(geometry: FlashGeometry, content?: Uint8Array, seed = 1): NorFlash {
  const { sectorBytes, programBytes } = geometry;
  const bytes = new Uint8Array(geometry.bytes).fill(0xff);
  if (content && content.length !== bytes.length)
    throw new RangeError(`flash: expected ${bytes.length} bytes, found ${content.length}`);
  if (content) bytes.set(content);
  const erases = new Uint32Array(geometry.bytes / sectorBytes);
  let [operations, programmedBytes] = [0, 0];
  let due: Cut | undefined;

  const change = (all: () => void, part: (random: () => number) => void): void => {
    const cut = due?.operation === operations ? due : undefined;
    operations++;
    if (cut?.when === "before") throw new PowerLoss();
    if (cut?.when === "amid") part(generator(seed + operations * 7919));
    else all();
    if (cut) throw new PowerLoss();
  };
  const check = (address: number, count: number, unit: number, what: string): void => {
    if (count === 0 || address % unit !== 0 || count % unit !== 0)
      throw new FlashFault(
        `${what} at ${address}: expected multiples of ${unit} bytes, found ${count} bytes`,
      );
    if (address + count > bytes.length)
      throw new FlashFault(
        `${what} at ${address}: expected an end within ${bytes.length}, found ${count} bytes`,
      );
  };

  return {
    geometry,
    bytes,
    program(address, data) {
      check(address, data.length, programBytes, "program");
      const cells = bytes.subarray(address, address + data.length);
      const used = cells.findIndex((cell) => cell !== 0xff);
      if (used >= 0)
        throw new FlashFault(`program at ${address + used}: expected erased flash, found ${cells[used]}`);
      programmedBytes += data.length;
      change(
        () => cells.set(data),
        (random) => programPart(cells, data, random),
      );
    },
    erase(address) {
      check(address, sectorBytes, sectorBytes, "erase");
      erases[address / sectorBytes]!++;
      const cells = bytes.subarray(address, address + sectorBytes);
      change(
        () => cells.fill(0xff),
        (random) => erasePart(cells, random),
      );
    },
    cut(cut) {
      due = cut && { ...cut, operation: operations + cut.operation };
    },
    statistics: () => ({
      operations,
      erases: erases.reduce((sum, count) => sum + count, 0),
      programmedBytes,
      mostErases: Math.max(...erases),
    }),
  };
}
