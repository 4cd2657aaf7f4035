/** All pairs, with flash that is programmed in units of several bytes. */
import { GEOMETRIES } from "./scene.ts";
import { powerfailSuite } from "./suite.ts";

await powerfailSuite(GEOMETRIES.slice(1), 1);
