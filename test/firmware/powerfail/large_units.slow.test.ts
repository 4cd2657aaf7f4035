/** All runs, with flash that is programmed in units of several bytes, which have error correction. */
import { GEOMETRIES } from "./scene.ts";
import { powerfailSuite } from "./suite.ts";

await powerfailSuite(GEOMETRIES.slice(1), { single: 1, pair: 1, other: 1 });
