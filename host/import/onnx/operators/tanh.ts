import { unary } from "./elementwise.ts";

export const tanh = unary("ai.onnx.Tanh", "tanh");
