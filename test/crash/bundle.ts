import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
/** They bring binaries, or are asked for only where those do not load. */
const EXTERNAL = ["libsql", "sodium-native", "libsodium-wrappers-sumo"];
/** Packages that are CommonJS ask for Node's modules with it. */
const REQUIRE =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

export interface Bundle {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * One file out of a child's source and its packages: it starts in 200 ms, with tsx it takes a second, and a hundred
 * starts have to fit. Below `node_modules`, so that what is external is found from there.
 */
export async function bundleChild(name: string): Promise<Bundle> {
  const cache = join(REPOSITORY, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "x402-nano-crash-"));
  const path = join(directory, `${name}.mjs`);
  await build({
    entryPoints: [join(REPOSITORY, "test", "crash", `${name}.ts`)],
    tsconfig: join(REPOSITORY, "tsconfig.json"),
    outfile: path,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: EXTERNAL,
    banner: { js: REQUIRE },
    logLevel: "silent",
  });
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}
