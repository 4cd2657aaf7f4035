import { fully_connected_s8 } from "../../assembly/kernels/fully_connected_s8";
import { fully_connected_stationary_s8 } from "../../assembly/kernels/fully_connected_stationary_s8";
import { compareAll, denseCases } from "./dense";

describe("fully_connected_stationary_s8", () => {
  denseCases({ kernel: fully_connected_stationary_s8, scratchBytes: 4 });

  test("the outputs of its small twin, depths up to 70 and up to nine outputs", () => {
    compareAll({ kernel: fully_connected_s8 });
  });
});
