import { unary } from "./elementwise.ts";

export const relu = unary("ai.onnx.Relu", "relu", { activation: "relu" });
