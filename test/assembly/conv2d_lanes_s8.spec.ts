import { conv2d_lanes_s8 } from "../../assembly/kernels/conv2d_lanes_s8";
import { lanesCases } from "./lanes_cases";

describe("conv2d_lanes_s8", () => {
  lanesCases(conv2d_lanes_s8, 8, 64);
});
