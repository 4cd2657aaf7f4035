import { fleetSuite } from "./two_rollouts.ts";

await fleetSuite(2000);
