import { conv2d_w4_lanes_s8 } from "../../assembly/kernels/conv2d_w4_lanes_s8";
import { packedCases } from "./packed_cases";

describe("conv2d_w4_lanes_s8", () => {
  packedCases(conv2d_w4_lanes_s8, 16);
});
