/** What other programs may import: `import { build, wasm3 } from "thimble"`. */
export { DataError, type Dataset, readDataset } from "./data/index.ts";
export { type Availability, type Engine, EngineError, type Vector } from "./engines/engine.ts";
export { evaluateGraph, runReference } from "./engines/reference.ts";
export { v8 } from "./engines/v8.ts";
export { wasm3 } from "./engines/wasm3.ts";
export { type Graph, ModelError, type Tensor } from "./ir/graph.ts";
export { type Build, type BuildOptions, build, type QuantizationNotes } from "./pipeline.ts";
export type { Quality } from "./quantize/measure.ts";
export { reportOf } from "./report/json.ts";
export type { Report } from "./report/schema.ts";
