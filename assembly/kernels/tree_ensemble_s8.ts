import { addTerms, startSums } from "./tree_leaf";

export const VERSION: i32 = 1;

/** The argument block of tree_ensemble_s8. */
@unmanaged
export class TreeEnsembleArguments {
  input: usize;
  table: usize;
  tableBytes: i32;
  terms: usize;
  termCount: i32;
  base: usize;
  output: usize;
  targets: u16;
  targetBits: i8;
  shortLeaves: u8;
}

/**
 * Sums of the leaves that a sample of int8 features comes to in each tree of a forest.
 *
 *   input   [features] i8, at most 128;  output [targets] i16;  base [targets] i16, what sums begin with
 *   table   trees of splits of 3 bytes and leaves of 1 or 2, as host/ops/tree_table.ts describes them
 *   terms   what leaves add, 16 bits each: value, number of the target in targetBits, end of list
 *
 * Nothing is read but what the table leads to; termCount is for those who check that.
 */
export function tree_ensemble_s8(block: TreeEnsembleArguments): void {
  const input: usize = block.input;
  let table: usize = block.table;
  const tableBytes: i32 = block.tableBytes;
  const terms: usize = block.terms;
  const targetBits: i32 = block.targetBits;
  const shortLeaves: i32 = block.shortLeaves;
  const base: usize = block.base;
  const output: usize = block.output;
  const targets: i32 = block.targets;
  const JUMP: i32 = -128;
  startSums(base, output, targets);
  const end: usize = table + tableBytes;
  while (table < end) {
    let node: usize = table + 2;
    table += load<u16>(table);
    let feature: i32 = load<i8>(node);
    while (true) {
      // An interpreter jumps back once for each split when the loop's condition comes last.
      if (feature >= 0) {
        do {
          if (load<i8>(input + feature) > load<i8>(node, 1)) node += load<u8>(node, 2);
          node += 3;
          feature = load<i8>(node);
        } while (feature >= 0);
      }
      if (feature != JUMP) break;
      node += load<u16>(node, 1);
      feature = load<i8>(node);
    }
    let leaf: i32 = ~feature;
    if (leaf >= shortLeaves) leaf = shortLeaves + ((leaf - shortLeaves) << 8) + <i32>load<u8>(node, 1);
    addTerms(terms + (leaf << 1), targetBits, output);
  }
}
