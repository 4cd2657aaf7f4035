import { binary } from "./elementwise.ts";

export const sub = binary("ai.onnx.Sub", "sub");
