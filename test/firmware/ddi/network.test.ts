/** The same as network.slow.test.ts with fewer seeds. */
import { networkSuite } from "./network.ts";

await networkSuite(150);
