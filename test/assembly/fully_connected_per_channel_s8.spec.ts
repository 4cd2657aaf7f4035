import { fully_connected_per_channel_s8 } from "../../assembly/kernels/fully_connected_per_channel_s8";
import { denseCases } from "./dense";

describe("fully_connected_per_channel_s8", () => {
  denseCases({ perChannel: fully_connected_per_channel_s8 });
});
