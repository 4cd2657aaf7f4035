/** The API of the package: `import { build, wasm3 } from "thimble"`. */

export type { EvaluationResult } from "./compiler/evaluate/evaluate.ts";
export type { LayerQuality } from "./compiler/quantize/measure.ts";
export { type Graph, ModelError, type Task, type Tensor, type Vector } from "./ir/graph.ts";
export { type Availability, type Engine, EngineError } from "./module/engine.ts";
export { type Build, type BuildOptions, build, type QuantizationNotes } from "./pipeline.ts";
export { reportOf } from "./report/json.ts";
export type { Report } from "./report/schema.ts";
export { DataError, type Dataset, readDataset } from "./runtime/data/index.ts";
export { evaluateGraph, runReference } from "./runtime/engines/reference.ts";
export { v8 } from "./runtime/engines/v8.ts";
export { wasm3 } from "./runtime/engines/wasm3.ts";
