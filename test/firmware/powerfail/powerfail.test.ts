/** The same as the slow tests here, with some of the pairs: `npm run test:powerfail` runs this alone. */
import { GEOMETRIES } from "./scene.ts";
import { powerfailSuite } from "./suite.ts";

await powerfailSuite(GEOMETRIES, 23);
