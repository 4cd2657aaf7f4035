/**
 * NOR flash, stricter than hardware: what a datasheet calls undefined is fatal here. Power can fail before, after
 * and in the middle of any operation that changes it.
 */

import { type Page, pack, unpack } from "./pages.ts";
import { randomOf } from "./random.ts";

export interface FlashGeometry {
  readonly bytes: number;
  /** Bytes that one erase sets to 0xff. */
  readonly sectorBytes: number;
  /** Unit and alignment of programming. */
  readonly programBytes: number;
  /**
   * Units have error correction: one is programmed once between erases, even with ones, and can't be read after
   * power has failed amid its program or erase; or it reads as erased, and fails to be programmed.
   */
  readonly ecc?: boolean;
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
  /** All that flash holds: to read, and to keep in a file. Not to be kept itself: `pack` moves it elsewhere. */
  readonly bytes: Uint8Array;
  /** False where it fails. Throws PowerLoss where a cut is due, FlashFault where hardware would do anything. */
  program(address: number, data: Uint8Array): boolean;
  erase(address: number): boolean;
  /** Whether all these bytes can be read. */
  isReadable(address: number, bytes: number): boolean;
  /** From now on, what this says of an operation on an address fails without effect; undefined for nothing. */
  breaks(isBroken: ((address: number, operation: number) => boolean) | undefined): void;
  /** The unit at an address has aged: with error correction it can't be read any more until it is erased. */
  age(address: number): void;
  /** The next loss of power, counted from here; undefined for none. */
  cut(cut: Cut | undefined): void;
  /** Flips `count` bits, in `range` or anywhere; `seed` chooses which. */
  rot(bits: number, seed?: number, range?: readonly [start: number, end: number]): void;
  /** The listener that has to know what has changed: the device that is on. */
  watch(listener: FlashListener | undefined): void;
  /** Nobody will look at it for a while: what other flashes hold too is kept once for all. */
  pack(): void;
  statistics(): FlashStatistics;
}

/** Told of an address and the bytes that it holds now, unless power failed at that. */
export type FlashListener = (address: number, bytes: Uint8Array) => void;

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

/** The state of a unit with error correction since it was last erased. */
type UnitState = "programmed" | "torn" | "unreadable";

const isErased = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);

/** The units of flash with error correction; without it, whatever is asked is right. */
function unitsOf({ bytes, programBytes, ecc = false }: FlashGeometry, cells: () => Uint8Array) {
  const states = new Map<number, UnitState>();
  const unitsAt = (address: number, count: number): number[] => {
    const first = Math.floor(address / programBytes);
    return ecc
      ? Array.from({ length: Math.ceil((address + count) / programBytes) - first }, (_, i) => first + i)
      : [];
  };
  const bytesOf = (unit: number): Uint8Array =>
    cells().subarray(unit * programBytes, (unit + 1) * programBytes);
  const set = (unit: number, state: UnitState | undefined): void => {
    if (state === undefined) states.delete(unit);
    else states.set(unit, state);
  };
  for (const unit of unitsAt(0, bytes)) if (!isErased(bytesOf(unit))) states.set(unit, "programmed");
  return {
    at: unitsAt,
    set,
    state: (unit: number): UnitState | undefined => states.get(unit),
    isReadable: (address: number, count: number): boolean =>
      unitsAt(address, count).every((unit) => states.get(unit) !== "unreadable"),
    /** Those before the last one are whole; that one is torn in some way, unless it was just done. */
    tearProgram(units: readonly number[], random: () => number): void {
      const last = random() % units.length;
      for (const unit of units.slice(0, last)) set(unit, "programmed");
      const unit = units[last]!;
      const fate = random() % 4;
      if (fate === 0) bytesOf(unit).fill(0xff);
      set(unit, fate === 0 ? "torn" : fate === 1 ? "programmed" : "unreadable");
      for (const rest of units.slice(last + 1)) bytesOf(rest).fill(0xff);
    },
    tearErase(units: readonly number[], before: Uint8Array, random: () => number): void {
      for (const [i, unit] of units.entries()) {
        const fate = random() % 3;
        if (fate === 0) bytesOf(unit).set(before.subarray(i * programBytes, (i + 1) * programBytes));
        if (fate === 1) bytesOf(unit).fill(0xff);
        if (fate > 0) set(unit, fate === 1 ? undefined : "unreadable");
      }
    },
  };
}

/** Bytes that lie in memory, or for the time being in pages. */
function cellsOf(geometry: FlashGeometry, content: Uint8Array | undefined) {
  if (content && content.length !== geometry.bytes)
    throw new RangeError(`flash: expected ${geometry.bytes} bytes, found ${content.length}`);
  let cells: Uint8Array | undefined = content?.slice() ?? new Uint8Array(geometry.bytes).fill(0xff);
  let pages: Page[] | undefined;
  return {
    get(): Uint8Array {
      if (cells) return cells;
      cells = new Uint8Array(geometry.bytes);
      unpack(cells, pages!, []);
      return cells;
    },
    pack(): void {
      if (cells) pages = pack(cells, pages);
      cells = undefined;
    },
  };
}

/** Erased flash, or one that holds `content`. Throws RangeError where that is of another size. */
export function norFlash(geometry: FlashGeometry, content?: Uint8Array, seed = 1): NorFlash {
  const { sectorBytes, programBytes } = geometry;
  const cells = cellsOf(geometry, content);
  const units = unitsOf(geometry, cells.get);
  const erases = new Uint32Array(geometry.bytes / sectorBytes);
  let [operations, programmedBytes] = [0, 0];
  let due: Cut | undefined;
  let isBroken: ((address: number, operation: number) => boolean) | undefined;
  let listener: FlashListener | undefined;

  /** A change of the bytes at an address; `part` is what becomes of them when power fails amid it. */
  const change = (
    address: number,
    count: number,
    all: (cells: Uint8Array) => void,
    part: (cells: Uint8Array, random: () => number) => void,
  ): boolean => {
    const changed = cells.get().subarray(address, address + count);
    const cut = due?.operation === operations ? due : undefined;
    operations++;
    if (cut?.when === "before") throw new PowerLoss();
    if (isBroken?.(address, operations - 1)) return false;
    if (cut?.when === "amid") part(changed, randomOf(seed + operations * 7919));
    else all(changed);
    if (cut) throw new PowerLoss();
    listener?.(address, changed);
    return true;
  };
  const check = (address: number, count: number, unit: number, what: string): void => {
    if (count === 0 || address % unit !== 0 || count % unit !== 0)
      throw new FlashFault(
        `${what} at ${address}: expected multiples of ${unit} bytes, found ${count} bytes`,
      );
    if (address + count > geometry.bytes)
      throw new FlashFault(
        `${what} at ${address}: expected an end within ${geometry.bytes}, found ${count} bytes`,
      );
  };
  /** A torn unit that reads as erased is no fault of whoever programs it. */
  const checkErased = (address: number, count: number): void => {
    const used = cells
      .get()
      .subarray(address, address + count)
      .findIndex((cell) => cell !== 0xff);
    if (used >= 0)
      throw new FlashFault(
        `program at ${address + used}: expected erased flash, found ${cells.get()[address + used]}`,
      );
    for (const unit of units.at(address, count)) {
      const state = units.state(unit);
      if (state !== undefined && state !== "torn")
        throw new FlashFault(
          `program at ${unit * programBytes}: expected an erased unit, found one ${state}`,
        );
    }
  };

  return {
    geometry,
    get bytes() {
      return cells.get();
    },
    program(address, data) {
      check(address, data.length, programBytes, "program");
      checkErased(address, data.length);
      const touched = units.at(address, data.length);
      if (touched.some((unit) => units.state(unit) === "torn")) return false;
      programmedBytes += data.length;
      return change(
        address,
        data.length,
        (changed) => {
          changed.set(data);
          for (const unit of touched) units.set(unit, "programmed");
        },
        (changed, random) => {
          programPart(changed, data, random);
          if (touched.length > 0) changed.set(data);
          if (touched.length > 0) units.tearProgram(touched, random);
        },
      );
    },
    erase(address) {
      check(address, sectorBytes, sectorBytes, "erase");
      erases[address / sectorBytes]!++;
      const touched = units.at(address, sectorBytes);
      return change(
        address,
        sectorBytes,
        (changed) => {
          changed.fill(0xff);
          for (const unit of touched) units.set(unit, undefined);
        },
        (changed, random) => {
          const before = changed.slice();
          erasePart(changed, random);
          units.tearErase(touched, before, random);
        },
      );
    },
    isReadable: units.isReadable,
    breaks(next) {
      isBroken = next;
    },
    age(address) {
      for (const unit of units.at(address, 1)) units.set(unit, "unreadable");
    },
    cut(cut) {
      due = cut && { ...cut, operation: operations + cut.operation };
    },
    rot(bits, rotSeed = seed, [start, end] = [0, geometry.bytes]) {
      const random = randomOf(rotSeed);
      for (let i = 0; i < bits; i++) {
        const address = start + (random() % (end - start));
        const cell = cells.get().subarray(address, address + 1);
        cell[0]! ^= 1 << (random() % 8);
        listener?.(address, cell);
      }
    },
    watch(next) {
      listener = next;
    },
    pack: cells.pack,
    statistics: () => ({
      operations,
      erases: erases.reduce((sum, count) => sum + count, 0),
      programmedBytes,
      mostErases: Math.max(...erases),
    }),
  };
}
