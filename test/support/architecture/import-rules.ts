import { type ImportEdge, readImports, resolveImport, type SourceFile } from "./source-file.js";

interface Room {
  /** Rooms it may import. */
  readonly rooms: readonly string[];
  /** Rooms of which it may import `port.ts`, as types. */
  readonly ports?: readonly string[];
  /** Packages (and `#` imports) it may use, beside what files named `*.node.ts` may. */
  readonly packages: readonly string[];
  /** Packages it may import as types only. */
  readonly typePackages?: readonly string[];
}

const PORTS = ["ledger", "store"];
const ADAPTER_ROOMS = ["facilitator", "purse", "tracks", "protocol", "nano", "errors"];

/** DESIGN's table of imports; an entry matches the folder it names, the longest name first. */
const ROOMS: Readonly<Record<string, Room>> = {
  errors: { rooms: [], packages: [] },
  nano: { rooms: ["errors"], packages: ["@noble/hashes", "libsodium-wrappers-sumo", "#sodium-native"] },
  protocol: { rooms: ["errors", "nano"], packages: ["@noble/hashes", "zod"] },
  ledger: { rooms: ["errors", "nano"], packages: ["zod", "#transport", "#socket", "#work-threads"] },
  store: { rooms: ["errors"], packages: ["zod"] },
  tracks: { rooms: ["protocol", "nano", "errors"], ports: PORTS, packages: [] },
  facilitator: { rooms: ["tracks", "protocol", "nano", "errors"], ports: PORTS, packages: ["@noble/hashes", "zod"] },
  purse: {
    rooms: ["ledger", "tracks", "protocol", "nano", "errors"],
    packages: ["zod", "@scure/bip39", "@noble/hashes", "#journal-file"],
  },
  "adapters/x402": { rooms: ADAPTER_ROOMS, ports: PORTS, packages: ["@x402/core", "zod"] },
  "adapters/faremeter": {
    rooms: ADAPTER_ROOMS,
    ports: PORTS,
    packages: ["zod", "#fetch-traffic"],
    typePackages: ["@faremeter/types"],
  },
  "dev-ledger": { rooms: ["nano", "errors"], ports: ["ledger"], packages: ["node:", "ws", "zod"] },
};

/** What only Node has: in the rooms that run in browsers too, it sits in `*.node.ts`, behind an `imports` condition. */
const NODE_PACKAGES = ["node:", "undici", "sodium-native", "libsql", "ioredis"];
/** The rooms above all others: they may use every room and package. */
const TOP = "service";
const LAZY_FOR_TOP = "dev-ledger";
const PORT_FILE = /\/port\.ts$/;
const DOORS = /\/(?:index|port)\.ts$/;

/** Which imports break DESIGN's table. `files` are those below `src`. */
export function checkImports(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  return files.flatMap((file) =>
    readImports(file).flatMap((edge) => {
      const problem = judgeEdge(file.path, edge, paths);
      return problem === undefined ? [] : [`${file.path}:${edge.line} ${edge.specifier}: ${problem}`];
    }),
  );
}

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Packages that work here because something else brought them, and would be missing at a user's. */
export function checkDeclared(files: readonly SourceFile[], manifest: Manifest): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = manifest;
  const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies };
  return files.flatMap((file) =>
    readImports(file)
      .filter((edge) => !/^(?:[.#<]|node:)/.test(edge.specifier))
      .filter((edge) => !Object.keys(declared).some((name) => isOf(edge.specifier, name)))
      .map((edge) => `${file.path}:${edge.line} ${edge.specifier} is not in package.json`),
  );
}

/** Cycles between files, types included: two files that need each other's types are one file. */
export function checkCycles(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const targets = new Map(
    files.map((file) => [
      file.path,
      readImports(file).flatMap((edge) => resolveImport(file.path, edge.specifier, paths) ?? []),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) cycles.push([...trail.slice(seenAt), path].join(" → "));
    if (seenAt >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

function judgeEdge(from: string, edge: ImportEdge, paths: ReadonlySet<string>): string | undefined {
  if (edge.specifier === "<computed>") return "a computed specifier cannot be judged";
  if (edge.specifier.startsWith("@faremeter/") && edge.kind !== "type") return "LGPL: as types only";
  const targets = resolveImport(from, edge.specifier, paths);
  if (targets === undefined) return judgePackage(from, edge);
  if (targets.length === 0) return "leads nowhere";
  return targets.map((target) => judgeTarget(from, edge, target, paths)).find((problem) => problem !== undefined);
}

function judgeTarget(from: string, edge: ImportEdge, target: string, paths: ReadonlySet<string>): string | undefined {
  if (target === "package.json") return undefined;
  if (!paths.has(target)) return "leads nowhere";
  if (isEntry(target)) return "entry files are for users, not for each other and not for folders";
  if (isEntry(from)) return from === "src/bin.ts" && topFolder(target) !== TOP ? "bin uses service alone" : undefined;
  const [home, away] = [topFolder(from), topFolder(target)];
  if (home === "tracks" && away === "tracks") return judgeTracks(from, target);
  if (home === "adapters" && away === "adapters") {
    return secondFolder(from) === secondFolder(target) ? undefined : "hosts do not know each other";
  }
  if (home === away) return undefined;
  if (edge.specifier.startsWith("#")) return "a platform's part belongs to its own room";
  if (home === TOP) {
    return away === LAZY_FOR_TOP && edge.kind === "value" ? "only by dynamic import" : undefined;
  }
  const room = roomOf(from);
  if (room === undefined) return "a room that DESIGN does not have";
  const isPort = PORT_FILE.test(target) && edge.kind === "type";
  if (!room.rooms.includes(away) && !(isPort && room.ports?.includes(away) === true)) return `not from ${home}`;
  return DOORS.test(target) ? undefined : "through the folder's index.ts";
}

/** `tracks/index.ts`, if there is one, may know both; the tracks never know each other. */
function judgeTracks(from: string, target: string): string | undefined {
  const [home, away] = [secondFolder(from), secondFolder(target)];
  return home === undefined || away === undefined || home === away ? undefined : "tracks never import each other";
}

function judgePackage(from: string, edge: ImportEdge): string | undefined {
  if (isEntry(from)) return "entry files re-export folders only";
  if (topFolder(from) === TOP) return undefined;
  const allowed = roomOf(from)?.packages ?? [];
  const onNode = from.endsWith(".node.ts") ? NODE_PACKAGES : [];
  const asType = edge.kind === "type" ? (roomOf(from)?.typePackages ?? []) : [];
  const isAllowed = [...allowed, ...onNode, ...asType].some((name) => isOf(edge.specifier, name));
  return isAllowed ? undefined : "a package that this room does not use";
}

function isOf(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(name.endsWith(":") ? name : `${name}/`);
}

function isEntry(path: string): boolean {
  return /^src\/[^/]+$/.test(path);
}

function topFolder(path: string): string {
  return path.split("/")[1] ?? "";
}

/** The folder below the top one; undefined for a file that lies directly in the top one. */
function secondFolder(path: string): string | undefined {
  const parts = path.split("/");
  return parts.length > 3 ? parts[2] : undefined;
}

function roomOf(path: string): Room | undefined {
  return ROOMS[`${topFolder(path)}/${secondFolder(path) ?? ""}`] ?? ROOMS[topFolder(path)];
}
