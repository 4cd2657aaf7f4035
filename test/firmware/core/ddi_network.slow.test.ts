import { networkSuite } from "./ddi_network.ts";

await networkSuite(10_000);
