import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";
import type { Edit, Guard } from "./guard.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Where an edit does not fit the source exactly once, the guard was moved or renamed and its entry is out of date. */
export function misfits({ edits }: Guard): string[] {
  return edits.flatMap(({ file, find }) => {
    const count = readFileSync(`${ROOT}${file}`, "utf8").split(find).length - 1;
    return count === 1 ? [] : [`${file}: ${String(count)} times ${find}`];
  });
}

/** The sources as they would be without the guard, on their way into a test. The files stay as they are. */
export function withoutGuard(guard: Guard): Plugin {
  return {
    name: "without-guard",
    enforce: "pre",
    transform(code, id) {
      const edits = guard.edits.filter(({ file }) => id.split("?")[0] === `${ROOT}${file}`);
      return edits.length === 0 ? undefined : edits.reduce(applyEdit, code);
    },
  };
}

function applyEdit(code: string, { find, replace }: Edit): string {
  return code.split(find).join(replace);
}
