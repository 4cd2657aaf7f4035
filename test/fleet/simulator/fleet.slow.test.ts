import { fleetSuite } from "./proof.ts";

await fleetSuite(2000);
