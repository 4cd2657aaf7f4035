/** The same as ddi_storm.slow.test.ts with fewer faults. */
import { stormSuite } from "./ddi_storm.ts";

await stormSuite({ step: 13, hours: 3, intervals: ["00:01:00", "01:00:00"] });
