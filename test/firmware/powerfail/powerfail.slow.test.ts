/** All pairs, with the flash of an ESP32; large_units.slow.test.ts has the other geometries. */
import { GEOMETRIES } from "./scene.ts";
import { powerfailSuite } from "./suite.ts";

await powerfailSuite(GEOMETRIES.slice(0, 1), 1);
