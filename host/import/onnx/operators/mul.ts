import { binary } from "./elementwise.ts";

export const mul = binary("ai.onnx.Mul", "mul");
