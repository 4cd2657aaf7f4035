import { TreeEnsembleArguments } from "./tree_ensemble_s8";
import { addTerms, startSums } from "./tree_leaf";
import { isMember } from "./tree_member";

export const VERSION: i32 = 1;

/**
 * As tree_ensemble_s8, of tables with long splits too: of a feature from 128 on, by a set of values, or where
 * a missing value, which is 127, goes on to the next node. Input: at most 2048 features.
 */
export function tree_ensemble_extended_s8(block: TreeEnsembleArguments): void {
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
  const LONG: i32 = 0xe000;
  const SET: i32 = 0x200;
  const MISSING: i32 = 0x100;
  startSums(base, output, targets);
  const end: usize = table + tableBytes;
  while (table < end) {
    let node: usize = table + 2;
    table += load<u16>(table);
    let feature: i32 = load<i8>(node);
    while (true) {
      if (feature >= 0) {
        do {
          if (load<i8>(input + feature) > load<i8>(node, 1)) node += load<u8>(node, 2);
          node += 3;
          feature = load<i8>(node);
        } while (feature >= 0);
      }
      if (feature != JUMP) break;
      const what: i32 = load<u16>(node, 1);
      if (what < LONG) node += what;
      else {
        const value: i32 = load<i8>(input + ((what & 0xff) | ((what >> 2) & 0x700)));
        const low: i32 = load<i8>(node, 3);
        const right: i32 = load<u8>(node, 4);
        let isLeft: bool = value <= low;
        node += 5;
        if ((what & SET) != 0) {
          const bytes: i32 = load<u8>(node);
          isLeft = isMember(value - low, node + 1, bytes);
          node += 1 + bytes;
        }
        if (!isLeft && ((what & MISSING) == 0 || value != 127)) node += right;
      }
      feature = load<i8>(node);
    }
    let leaf: i32 = ~feature;
    if (leaf >= shortLeaves) leaf = shortLeaves + ((leaf - shortLeaves) << 8) + <i32>load<u8>(node, 1);
    addTerms(terms + (leaf << 1), targetBits, output);
  }
}
