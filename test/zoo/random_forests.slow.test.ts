/** 100 000 rows of random forests: NaN, infinities, ties, equal thresholds, categories, directions of missing values. */
import { checkIntegers, checkRows } from "./random_forests_check.ts";

checkRows({ forests: 2100, rows: 50 });
checkIntegers({ forests: 2100, rows: 50 });
