/** Kernels and whole modules on thousands of random graphs each: see lowering/sweep.ts. */
import { describe } from "node:test";
import { kernelTests, moduleTests, networkTests } from "./lowering/sweep.ts";

const [RUNS, SEEDS] = [5000, 20];

describe("kernels agree with the reference interpreter", () => kernelTests(RUNS));
describe("networks of several operators agree, too", () => networkTests(RUNS));
describe("whole modules agree with the reference interpreter", () => moduleTests(SEEDS));
