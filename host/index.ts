/** What other programs may import: `import { build, wasm3 } from "thimble"`. */

export type { Quality } from "./compiler/quantize/measure.ts";
export { reportOf } from "./compiler/report/json.ts";
export type { Report } from "./compiler/report/schema.ts";
export { type Graph, ModelError, type Tensor } from "./ir/graph.ts";
export { type Build, type BuildOptions, build, type QuantizationNotes } from "./pipeline.ts";
export { DataError, type Dataset, readDataset } from "./runtime/data/index.ts";
export { type Availability, type Engine, EngineError, type Vector } from "./runtime/engines/engine.ts";
export { evaluateGraph, runReference } from "./runtime/engines/reference.ts";
export { v8 } from "./runtime/engines/v8.ts";
export { wasm3 } from "./runtime/engines/wasm3.ts";
