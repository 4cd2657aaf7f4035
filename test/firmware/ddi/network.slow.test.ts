import { networkSuite } from "./network.ts";

await networkSuite(10_000);
