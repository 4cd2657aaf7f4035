/** The same as ddi_network.slow.test.ts with fewer seeds. */
import { networkSuite } from "./ddi_network.ts";

await networkSuite(150);
