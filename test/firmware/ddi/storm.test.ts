/** The same as storm.slow.test.ts with fewer faults. */
import { stormSuite } from "./storm.ts";

await stormSuite({ step: 13, hours: 3, intervals: ["00:01:00", "00:05:00"] });
