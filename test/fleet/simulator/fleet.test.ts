/** The same as fleet.slow.test.ts with fewer devices. */
import { fleetSuite } from "./two_rollouts.ts";

await fleetSuite(100);
