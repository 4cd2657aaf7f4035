/** The table of Keras layers: to add one, write its translation and list it in its family. */
import type { Translate } from "../layer.ts";
import { ACTIVATION_LAYERS } from "./activation.ts";
import { ATTENTION } from "./attention.ts";
import { CONVOLUTIONS } from "./convolution.ts";
import { dense } from "./dense.ts";
import { embedding } from "./embedding.ts";
import { MERGES } from "./merge.ts";
import { NORMALIZATIONS } from "./normalization.ts";
import { POOLINGS } from "./pooling.ts";
import { RECURRENT } from "./recurrent.ts";
import { SHAPES } from "./shape.ts";
import { timeDistributed } from "./time_distributed.ts";

/** By the name of the class. Input layers and models are none of them. */
export const translations: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Dense", dense],
  ["Embedding", embedding],
  ["TimeDistributed", timeDistributed],
  ...ACTIVATION_LAYERS,
  ...ATTENTION,
  ...CONVOLUTIONS,
  ...MERGES,
  ...NORMALIZATIONS,
  ...POOLINGS,
  ...RECURRENT,
  ...SHAPES,
]);
