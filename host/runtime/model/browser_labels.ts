/** What the records of outputs say of classes: fetched for models that have labels or decide. */
import { decideReal } from "../../ops/real_decision.ts";
import type { Complete } from "./browser_descriptor.ts";

/** In the order of their numbers: DECISION_CODES of host/module/descriptor_table.ts. */
const DECISIONS = ["none", "greatest", "above", "second", "index", "error"] as const;

/** Takes all fields that an output may have, in the order of their bits. */
export const complete: Complete = (tensor, fields, code, integer, float, text) => {
  const unit = fields & 1 ? text() : undefined;
  const names = fields & 8 ? Array.from({ length: integer() }, text) : undefined;
  const threshold = fields & 32 ? float() : undefined;
  if (fields & 64) for (let i = 0; i < 3; i++) integer();
  const decision = DECISIONS[code]!;
  Object.assign(tensor, { unit, names, threshold, decision });
  if (code) tensor.decide = (values, input) => decideReal(tensor, values, input);
};
