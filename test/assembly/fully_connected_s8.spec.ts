import { fully_connected_s8 } from "../../assembly/kernels/fully_connected_s8";
import { denseCases } from "./dense";

describe("fully_connected_s8", () => {
  denseCases({ kernel: fully_connected_s8 });
});
