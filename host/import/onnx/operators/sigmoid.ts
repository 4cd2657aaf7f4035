import { unary } from "./elementwise.ts";

export const sigmoid = unary("ai.onnx.Sigmoid", "logistic");
