/** Kernels and whole modules on thousands of random graphs each: see lowering/sweep.ts. */
import { sweep } from "./lowering/sweep.ts";

sweep(5000, 20);
