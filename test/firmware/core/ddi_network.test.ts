/** Runs ddi_network.slow.test.ts's seeds, but fewer of them. */
import { networkSuite } from "./ddi_network.ts";

await networkSuite(150);
