import { binary } from "./elementwise.ts";

/** The bias after a MatMul stays an operator of its own here; a pass fuses the two. */
export const add = binary("ai.onnx.Add", "add");
