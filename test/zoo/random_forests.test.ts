/** A share of what random.slow.test.ts does with 100 000 rows. */
import { checkIntegers, checkRows } from "./random_forests_check.ts";

checkRows({ forests: 60, rows: 40 });
checkIntegers({ forests: 60, rows: 40 });
