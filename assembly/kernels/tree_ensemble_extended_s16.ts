import { TreeEnsembleArguments } from "./tree_ensemble_s8";
import { addTerms, startSums } from "./tree_leaf";
import { isMember } from "./tree_member";

export const VERSION: i32 = 1;

/**
 * As tree_ensemble_s16, of tables with long splits too: of a feature from 128 on, by a set of values, or
 * where a missing value, which is 32767, goes on to the next node. Input: at most 2048 features.
 */
export function tree_ensemble_extended_s16(block: TreeEnsembleArguments): void {
  const input: usize = block.input;
  let table: usize = block.table;
  const tableBytes: i32 = block.tableBytes;
  const terms: usize = block.terms;
  const targetBits: i32 = block.targetBits;
  const base: usize = block.base;
  const output: usize = block.output;
  const targets: i32 = block.targets;
  const JUMP: i32 = -128;
  const SET: i32 = 4;
  const MISSING: i32 = 2;
  startSums(base, output, targets);
  const end: usize = table + tableBytes;
  while (table < end) {
    let node: usize = table + 2;
    table += load<u16>(table);
    let feature: i32 = load<i8>(node);
    while (true) {
      if (feature >= 0) {
        do {
          if (load<i16>(input + (feature << 1)) > load<i16>(node, 2)) node += <usize>load<u8>(node, 1) << 1;
          node += 4;
          feature = load<i8>(node);
        } while (feature >= 0);
      }
      if (feature != JUMP) break;
      const what: i32 = load<u8>(node, 2);
      if ((what & 1) == 0) node += load<u16>(node, 2);
      else {
        const value: i32 = load<i16>(input + ((((what & 0x38) << 5) | <i32>load<u8>(node, 1)) << 1));
        const right: i32 = <i32>load<u8>(node, 3) << 1;
        const low: i32 = load<i16>(node, 4);
        let isLeft: bool = value <= low;
        node += 6;
        if ((what & SET) != 0) {
          const bytes: i32 = load<u16>(node);
          isLeft = isMember(value - low, node + 2, bytes);
          node += 2 + bytes;
        }
        if (!isLeft && ((what & MISSING) == 0 || value != 32767)) node += right;
      }
      feature = load<i8>(node);
    }
    addTerms(terms + (((~feature << 8) + <i32>load<u8>(node, 1)) << 1), targetBits, output);
  }
}
