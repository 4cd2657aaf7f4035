import { fully_connected_per_channel_s8 } from "../../assembly/kernels/fully_connected_per_channel_s8";
import {
  fully_connected_per_channel_stationary_s8,
} from "../../assembly/kernels/fully_connected_per_channel_stationary_s8";
import { compareAll, denseCases } from "./dense";

describe("fully_connected_per_channel_stationary_s8", () => {
  denseCases({ perChannel: fully_connected_per_channel_stationary_s8, scratchBytes: 4 });

  test("the outputs of its small twin, depths up to 70 and up to nine outputs", () => {
    compareAll({ perChannel: fully_connected_per_channel_s8 });
  });
});
