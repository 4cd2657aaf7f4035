/** All runs, with the flash of an ESP32; the other slow tests here have the other geometries. */
import { GEOMETRIES } from "../../support/two_versions.ts";
import { powerfailSuite } from "./suite.ts";

await powerfailSuite(GEOMETRIES.slice(0, 1), { single: 1, pair: 1, other: 1 });
