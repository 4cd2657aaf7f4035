import { fully_connected_s8 } from "../../assembly/kernels/fully_connected_s8";
import { denseCases, DenseKernel } from "./dense";

describe("fully_connected_s8", () => {
  denseCases({ kernel: changetype<DenseKernel>(fully_connected_s8) });
});
