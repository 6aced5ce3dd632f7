/** A whole process: nothing but the search keeps it alive, and nothing is closed at its end. */
import { localWork } from "../../../../src/ledger/work/index.js";
import { EASY, ROOT } from "./support.js";

console.log(await localWork({ threads: 2 }).generateWork(ROOT, EASY));
