/** The same as the slow tests here, with some of the runs: `npm run test:powerfail` runs this alone. */
import { GEOMETRIES } from "../../support/two_versions.ts";
import { powerfailSuite } from "./suite.ts";

await powerfailSuite(GEOMETRIES, { single: 5, pair: 997, other: 13 });
