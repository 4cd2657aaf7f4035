/** All runs, with flash of words of 32 bytes, which have error correction. */
import { GEOMETRIES } from "../../support/two_versions.ts";
import { powerfailSuite } from "./suite.ts";

await powerfailSuite(GEOMETRIES.slice(2), { single: 1, pair: 1, other: 1 });
