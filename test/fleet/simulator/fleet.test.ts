/** The same as fleet.slow.test.ts with fewer devices. */
import { fleetSuite } from "./proof.ts";

await fleetSuite(100);
