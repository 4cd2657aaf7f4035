import { addTerms, startSums } from "./tree_leaf";
import { TreeEnsembleArguments } from "./tree_ensemble_s8";

export const VERSION: i32 = 1;

/**
 * Sums of the leaves that a sample of int16 features comes to in each tree of a forest.
 *
 *   input   [features] i16, at most 128;  output [targets] i16;  base [targets] i16, what sums begin with
 *   table   trees of splits of 4 bytes and leaves of 2, as host/ops/tree_table.ts describes them
 *   terms   what leaves add, 16 bits each: value, number of the target in targetBits, end of list
 *
 * Nothing is read but what the table leads to; termCount is for those who check that.
 */
export function tree_ensemble_s16(block: TreeEnsembleArguments): void {
  const input: usize = block.input;
  let table: usize = block.table;
  const tableBytes: i32 = block.tableBytes;
  const terms: usize = block.terms;
  const targetBits: i32 = block.targetBits;
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
          if (load<i16>(input + (feature << 1)) > load<i16>(node, 2)) node += <usize>load<u8>(node, 1) << 1;
          node += 4;
          feature = load<i8>(node);
        } while (feature >= 0);
      }
      if (feature != JUMP) break;
      node += load<u16>(node, 2);
      feature = load<i8>(node);
    }
    addTerms(terms + (((~feature << 8) + <i32>load<u8>(node, 1)) << 1), targetBits, output);
  }
}
