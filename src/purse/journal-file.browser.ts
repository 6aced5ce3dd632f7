import { NanoError } from "../errors/index.js";
import type { OpenJournalFile } from "./journal-file.js";

export const openJournalFile: OpenJournalFile = async () => {
  throw new NanoError("missing_dependency", {
    package: "libsql",
    why: "a journal in a file is for Node; leave `journal` out to keep it in memory, or give a Journal of your own",
  });
};
