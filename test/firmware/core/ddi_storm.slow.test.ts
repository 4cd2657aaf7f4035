import { stormSuite } from "./ddi_storm.ts";

await stormSuite({ step: 1, hours: 12, intervals: ["00:00:05", "00:01:00", "00:05:00", "01:00:00"] });
