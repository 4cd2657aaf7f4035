/**
 * A quantised forest as the bytes that kernels walk.
 *
 * Table: the trees one behind the other, each after its length in bytes (u16). Nodes stand in preorder, so
 * that one child needs no address; the first byte of a node, signed, says what it is:
 *
 *   f >= 0       a split: feature f. Where the value is at most the threshold the next node follows, otherwise
 *                that which lies `right` bytes behind it. Of int8 features 3 bytes: f, threshold, right. Of int16
 *                ones 4: f, right in units of two bytes, threshold
 *   -1 .. -127   a leaf: with x = -1 - f, the list of terms from number x, where x < shortLeaves; otherwise from
 *                shortLeaves + (x - shortLeaves) * 256 + the next byte. Of int16 features all leaves are two
 *                bytes, as nodes are aligned: there shortLeaves is 0
 *   -128         a jump: the walk goes on `distance` (u16) bytes behind it. 3 bytes: f, distance; of int16 features 4:
 *                f, 0, distance. Or a long split, see below, which only the extended kernels know
 *
 * Jumps lead to subtrees that would otherwise be wider than `right` can say; those are put behind their tree.
 *
 * Long splits are those of features from 128 on, of sets of values, and those where a missing value, which is the
 * greatest integer of the type, goes on to the next node. Of int8 features -128, low byte of the feature, bits,
 * threshold, right, with the bits 0xe0 + 4 * high bits of the feature + 2 where it is of a set + 1 where a missing value
 * goes on (a jump's distance is below 0xe000). Of int16 features -128, low byte of the feature, bits, right,
 * threshold, with the bits 8 * high bits of the feature + 4 + 2 as above + 1 (a jump's distance is even). A split of a set has the least member of it in
 * the threshold's place, and behind all this the number of bytes (u8; u16, even) of a mask, and the mask: bit i says that
 * least + i is a member.
 *
 * Terms: what a leaf adds, as a list of 16-bit words: from the highest bit the value, the target, and 1 in the lowest bit
 * at the end of the list. Equal leaves share their list, and the most frequent lists come first.
 */
import { ModelError, type TensorData } from "../ir/graph.ts";
import type { Range } from "./activation.ts";
import {
  IS_SET,
  LEAF,
  LONG_FLAGS,
  MISSING_IS_LESS,
  membersOf,
  NODE_COLUMNS,
  type Nodes,
  rootsOf,
  SHORT_FEATURES,
} from "./tree_nodes.ts";

export interface PackedForest {
  readonly table: TensorData;
  /** Without the padding. */
  readonly tableBytes: number;
  readonly terms: TensorData;
  readonly termCount: number;
  readonly shortLeaves: number;
  /** Whether there are long splits. */
  readonly extended: boolean;
}

const JUMP = 0x80;
/** A feature of a long split has 3 bits beside a byte. */
export const MAX_TREE_FEATURES = 2048;
/** Codes of a leaf's first byte. */
const LEAF_CODES = 127;
const MAX_U16 = 0xffff;
/** Int8 features beyond it take long splits, and native kernels look for these behind the end of the table. */
const MAX_DISTANCE = 0xdfff;
/** Bytes of the mask of a set. */
const MAX_MASK = { narrow: 32, wide: 8192 } as const;
/** Leaves behind the table: a walk that has lost its way ends there, and so native kernels need not look at each step. */
const PADDING = 4;

/** Bits of a term for the number of its target, and for its value. */
export const targetBits = (targets: number): number => Math.ceil(Math.log2(targets));
export const valueBits = (targets: number): number => 15 - targetBits(targets);

const leafKey = (leaves: TensorData, leaf: number, targets: number): string =>
  leaves.subarray(leaf * targets, (leaf + 1) * targets).join();

/** Targets and values that are not 0; a leaf that adds nothing has one term of 0. */
function termsOf(leaves: TensorData, leaf: number, targets: number): [number, number][] {
  const values = Array.from(leaves.subarray(leaf * targets, (leaf + 1) * targets));
  const terms = values.flatMap((value, target): [number, number][] => (value === 0 ? [] : [[target, value]]));
  return terms.length > 0 ? terms : [[0, 0]];
}

interface Terms extends Pick<PackedForest, "terms" | "termCount"> {
  /** First term of each leaf. */
  readonly starts: ReadonlyMap<number, number>;
}

function leafUses(nodes: Nodes): Map<number, number> {
  const uses = new Map<number, number>();
  for (let row = 0; row < nodes.length; row += NODE_COLUMNS)
    if (nodes[row] === LEAF) uses.set(nodes[row + 1]!, (uses.get(nodes[row + 1]!) ?? 0) + 1);
  return uses;
}

function packTerms(nodes: Nodes, leaves: TensorData, targets: number): Terms {
  const lists = new Map<
    string,
    { readonly leaves: number[]; readonly terms: [number, number][]; uses: number }
  >();
  for (const [leaf, uses] of leafUses(nodes)) {
    const key = leafKey(leaves, leaf, targets);
    const list = lists.get(key) ?? { leaves: [], terms: termsOf(leaves, leaf, targets), uses: 0 };
    list.leaves.push(leaf);
    list.uses += uses;
    lists.set(key, list);
  }
  // Those that take few of the short codes for many leaves.
  const sorted = [...lists.values()].sort((a, b) => b.uses / b.terms.length - a.uses / a.terms.length);
  const starts = new Map<number, number>();
  const words: number[] = [];
  for (const { leaves: same, terms } of sorted) {
    for (const leaf of same) starts.set(leaf, words.length);
    terms.forEach(([target, value], i) => {
      words.push((value << (targetBits(targets) + 1)) | (target << 1) | (i === terms.length - 1 ? 1 : 0));
    });
  }
  return { terms: Int16Array.from(words), termCount: words.length, starts };
}

/** As many one-byte leaves as leave enough two-byte ones for the other terms. */
function shortLeavesFor(termCount: number): number {
  for (let short = LEAF_CODES; short >= 0; short--)
    if (short + (LEAF_CODES - short) * 256 >= termCount) return short;
  throw new ModelError(
    `expected leaves of at most ${LEAF_CODES * 256} different values in all, found ${termCount}`,
  );
}

interface Layout {
  readonly wide: boolean;
  readonly shortLeaves: number;
  readonly starts: ReadonlyMap<number, number>;
  readonly range: Range;
  readonly sets: ArrayLike<number>;
  /** Told when a long split is made. */
  readonly onLong: () => void;
}

/** A row of the table of nodes that is a split. */
interface Split {
  readonly feature: number;
  readonly threshold: number;
  readonly flags: number;
}

/** Bytes of a subtree. Those that are put elsewhere are filled in at the jump's place. */
interface Block {
  readonly bytes: number[];
  /** Places of jumps in `bytes` and what they lead to. */
  readonly jumps: { readonly at: number; readonly to: Block }[];
}

function leafBlock(leaf: number, { wide, shortLeaves, starts }: Layout): Block {
  const term = starts.get(leaf)!;
  if (term < shortLeaves && !wide) return { bytes: [~term & 0xff], jumps: [] };
  const rest = term - shortLeaves;
  return { bytes: [~(shortLeaves + (rest >> 8)) & 0xff, rest & 0xff], jumps: [] };
}

const jumpBlock = (to: Block, { wide }: Layout): Block => ({
  bytes: wide ? [JUMP, 0, 0, 0] : [JUMP, 0, 0],
  jumps: [{ at: 0, to }],
});

/** Members of a set as the bytes that say how many bytes follow, and these. */
function maskOf(members: readonly number[], wide: boolean): number[] {
  const low = members[0] ?? 0;
  const bytes = Math.ceil(((members.at(-1) ?? low - 1) - low + 1) / 8);
  const count = wide ? bytes + (bytes % 2) : bytes;
  const most = wide ? MAX_MASK.wide : MAX_MASK.narrow;
  if (count > most)
    throw new ModelError(
      `expected categories within ${8 * most} of each other, found ${low} to ${members.at(-1)}`,
    );
  const mask = new Array<number>(count).fill(0);
  for (const member of members) mask[(member - low) >> 3]! |= 1 << ((member - low) & 7);
  return [...(wide ? [count & 0xff, count >> 8] : [count]), ...mask];
}

const membersIn = (sets: ArrayLike<number>, start: number, { min, max }: Range): number[] =>
  membersOf(sets, start)
    .filter((member) => member >= min && member <= max)
    .sort((a, b) => a - b);

/** All of a split but its children; `right` in the units of its width. */
function splitHead({ feature, threshold, flags }: Split, right: number, layout: Layout): number[] {
  const { wide, sets, range } = layout;
  const bytes = (value: number): number[] => (wide ? [value & 0xff, (value >> 8) & 0xff] : [value & 0xff]);
  if ((flags & LONG_FLAGS) === 0 && feature < SHORT_FEATURES)
    return wide ? [feature, right, ...bytes(threshold)] : [feature, ...bytes(threshold), right];
  layout.onLong();
  const isSet = (flags & IS_SET) !== 0;
  const members = isSet ? membersIn(sets, threshold, range) : [];
  const low = bytes(isSet ? (members[0] ?? 0) : threshold);
  const mask = isSet ? maskOf(members, wide) : [];
  const bits = (feature >> 8) * 4 + (isSet ? 2 : 0) + ((flags & MISSING_IS_LESS) !== 0 ? 1 : 0);
  return wide
    ? [JUMP, feature & 0xff, 2 * bits + 1, right, ...low, ...mask]
    : [JUMP, feature & 0xff, 0xe0 + bits, ...low, right, ...mask];
}

function splitBlock(split: Split, children: readonly [Block, Block], layout: Layout): Block {
  const { wide } = layout;
  const reach = wide ? 510 : 255;
  const left = children[0].bytes.length <= reach ? children[0] : jumpBlock(children[0], layout);
  const distance = left.bytes.length;
  const head = splitHead(split, wide ? distance / 2 : distance, layout);
  const moved = [left, children[1]].flatMap(({ jumps }, i) =>
    jumps.map(({ at, to }) => ({ at: at + head.length + (i === 0 ? 0 : distance), to })),
  );
  return { bytes: head.concat(left.bytes, children[1].bytes), jumps: moved };
}

/** The child that all values go to, where a split lies outside the range of the type. */
function decided({ threshold, flags }: Split, { min, max }: Range): 0 | 1 | undefined {
  if ((flags & IS_SET) !== 0) return undefined;
  if (threshold >= max) return 0;
  return threshold < min && (flags & MISSING_IS_LESS) === 0 ? 1 : undefined;
}

/** From the last row back to the first: children are made before what holds them, however deep the tree is. */
function treeBlock(nodes: Nodes, root: number, end: number, layout: Layout): Block {
  const blocks = new Map<number, Block>();
  const take = (row: number): Block => {
    const block = blocks.get(row)!;
    blocks.delete(row);
    return block;
  };
  for (let row = end - 1; row >= root; row--) {
    const [feature, value, right, flags] = [0, 1, 2, 3].map((i) => nodes[row * NODE_COLUMNS + i]!) as [
      number,
      number,
      number,
      number,
    ];
    if (feature === LEAF) {
      blocks.set(row, leafBlock(value, layout));
      continue;
    }
    const children = [take(row + 1), take(right)] as const;
    const split = { feature, threshold: value, flags };
    // A split that can only come out one way is not asked.
    const only = decided(split, layout.range);
    blocks.set(row, only === undefined ? splitBlock(split, children, layout) : children[only]);
  }
  return take(root);
}

/** The tree with all that its jumps lead to behind it, near ones first. */
function joinBlocks(root: Block, { wide }: Layout): number[] {
  const bytes: number[] = [];
  const pending: { readonly from: number | undefined; readonly block: Block }[] = [
    { from: undefined, block: root },
  ];
  for (const { from, block } of pending) {
    const start = bytes.length;
    if (from !== undefined) {
      const distance = start - from;
      if (distance > MAX_DISTANCE)
        throw new ModelError(`expected trees of at most ${MAX_DISTANCE} bytes, found one that is larger`);
      bytes[from + (wide ? 2 : 1)] = distance & 0xff;
      bytes[from + (wide ? 3 : 2)] = distance >> 8;
    }
    for (const byte of block.bytes) bytes.push(byte);
    for (const { at, to } of block.jumps) pending.push({ from: start + at, block: to });
  }
  return bytes;
}

/** The parts of a quantised forest that its tables are made of. */
export interface QuantizedForest {
  readonly nodes: Nodes;
  readonly leaves: TensorData;
  readonly sets: ArrayLike<number>;
  readonly targets: number;
  readonly wide: boolean;
  /** Bits of the input's type. */
  readonly range: Range;
}

/** Throws ModelError where a tree, or the terms of all leaves, are more than the format can address. */
export function packForest({ nodes, leaves, sets, targets, wide, range }: QuantizedForest): PackedForest {
  const { starts, ...terms } = packTerms(nodes, leaves, targets);
  const shortLeaves = wide ? 0 : shortLeavesFor(terms.termCount);
  if (wide && terms.termCount > LEAF_CODES * 256) shortLeavesFor(terms.termCount);
  let extended = false;
  const onLong = (): void => {
    extended = true;
  };
  const layout = { wide, shortLeaves, starts, range, sets, onLong };
  const roots = rootsOf(nodes);
  const table: number[] = [];
  roots.forEach((root, i) => {
    const end = roots[i + 1] ?? nodes.length / NODE_COLUMNS;
    const bytes = joinBlocks(treeBlock(nodes, root, end, layout), layout);
    const length = bytes.length + 2;
    if (length > MAX_U16) throw new ModelError(`expected trees of at most ${MAX_U16} bytes, found ${length}`);
    table.push(length & 0xff, length >> 8);
    for (const byte of bytes) table.push(byte);
  });
  const padded = new Uint8Array(table.length + PADDING).fill(0xff);
  padded.set(table);
  // As 16-bit numbers, nodes of int16 features lie where these can be loaded.
  const aligned = wide ? new Int16Array(padded.buffer) : padded;
  return { table: aligned, tableBytes: table.length, ...terms, shortLeaves, extended };
}
