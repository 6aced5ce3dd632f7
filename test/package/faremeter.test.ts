import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, stop } from "esbuild";
import ts from "typescript";
import { afterAll, describe, expect, inject, it } from "vitest";
import { runScript } from "./support.js";

const [alone, beside] = [inject("aloneProject"), inject("faremeterProject")];
const packedFiles = inject("packedFiles");
const ours = join(alone, "node_modules/x402-nano");
const PAY_TO = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";

/** esbuild keeps a process of its own. */
afterAll(() => stop());

function packed(end: string): { path: string; text: string }[] {
  const paths = packedFiles.filter((path) => path.startsWith("dist/") && path.endsWith(end));
  return paths.map((path) => ({ path, text: readFileSync(join(ours, path), "utf8") }));
}

function parse(path: string, text: string): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2022));
  return nodes;
}

/** The modules that a file names in imports of any form, `import type` and `import("…")` among them. */
function modulesOf(path: string, text: string): string[] {
  return parse(path, text).flatMap((node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      return ts.isStringLiteral(node.moduleSpecifier) ? [node.moduleSpecifier.text] : [];
    }
    const named = ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
    if (named !== undefined && ts.isStringLiteral(named)) return [named.text];
    if (!ts.isCallExpression(node)) return [];
    const { expression, arguments: args } = node;
    const isImport = expression.kind === ts.SyntaxKind.ImportKeyword;
    const isRequire = ts.isIdentifier(expression) && /require/i.test(expression.text);
    return isImport || isRequire ? args.slice(0, 1).flatMap((arg) => (ts.isStringLiteral(arg) ? [arg.text] : [])) : [];
  });
}

/** Long words of Faremeter's own code: the texts of its errors and logs, and the names of its functions and classes. */
function markersOf(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".js") && !path.endsWith(".test.js"),
  );
  const words = files.flatMap((path) =>
    parse(path, readFileSync(join(folder, path), "utf8")).flatMap((node) => {
      if (ts.isStringLiteral(node) || ts.isTemplateHead(node) || ts.isTemplateTail(node)) {
        const text = node.text.trim();
        return text.length >= 20 && text.split(/\s+/).length >= 3 ? [text] : [];
      }
      const isNamed = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node);
      return isNamed && node.name !== undefined && node.name.text.length >= 12 ? [node.name.text] : [];
    }),
  );
  return new Set(words);
}

const scope = join(beside, "node_modules/@faremeter");
const markers = new Set(readdirSync(scope).flatMap((name) => [...markersOf(join(scope, name, "dist"))]));
const found = (text: string): string[] => [...markers].filter((marker) => text.includes(marker));

describe("nothing of Faremeter is in the built package: its licence is LGPL", () => {
  const scripts = packed(".js");

  it("no script names a package of Faremeter's, nor its validator", () => {
    expect(scripts.length).toBeGreaterThan(8);
    for (const { path, text } of scripts) {
      const foreign = modulesOf(path, text).filter((name) => /^(?:@faremeter\/|arktype|@ark\/)/.test(name));
      expect([path, foreign]).toEqual([path, []]);
      expect(text).not.toMatch(/["'`]@faremeter\/|["'`]arktype|["'`]@ark\//);
    }
  });

  it("no script holds a text or a function of Faremeter's, nor arktype's", () => {
    expect(markers.size).toBeGreaterThan(100);
    for (const { path, text } of scripts) {
      expect([path, found(text)]).toEqual([path, []]);
      expect(text).not.toMatch(/\bArkErrors?\b|\barkKind\b|arktype/);
    }
  });

  it("the same look at a bundle that holds them finds them: the probe can fail", async () => {
    for (const known of [
      "couldn't find matching payment requirements for v2 payload",
      "facilitatorURL is mutually exclusive with x402Handlers and mppMethodHandlers",
      "failed to complete payment after retries",
      "createHTTPFacilitatorHandler",
      "resolveX402Requirements",
      "adaptPaymentRequiredResponseV2ToV1",
      "AgedLRUCache",
      "WrappedFetchError",
    ]) {
      expect(markers).toContain(known);
    }
    const { outputFiles } = await build({
      stdin: {
        contents:
          'export * from "x402-nano/faremeter"; export { x402PaymentPayload } from "@faremeter/types/x402v2"; export * as host from "@faremeter/middleware/common";',
        resolveDir: beside,
        loader: "js",
      },
      bundle: true,
      format: "esm",
      platform: "node",
      external: ["libsql", "sodium-native", "#*"],
      write: false,
      logLevel: "silent",
    });
    const text = outputFiles[0]?.text ?? "";
    expect(found(text).length).toBeGreaterThan(30);
    expect(text).toMatch(/\bArkErrors\b/);
    expect(modulesOf("kept.js", 'import { wrap } from "@faremeter/fetch";')).toEqual(["@faremeter/fetch"]);
    expect(modulesOf("late.js", 'const late = await import("@faremeter/fetch");')).toEqual(["@faremeter/fetch"]);
  });

  it("declarations name @faremeter/types, in imports and nowhere else", () => {
    const declarations = packed(".d.ts");
    const naming = declarations.filter(({ text }) => text.includes("@faremeter"));
    expect(naming.length).toBeGreaterThan(0);
    for (const { path, text } of declarations) {
      const imported = modulesOf(path, text).filter((name) => name.startsWith("@faremeter/"));
      expect(imported.filter((name) => !name.startsWith("@faremeter/types/"))).toEqual([]);
      expect([path, text.match(/@faremeter/g)?.length ?? 0]).toEqual([path, imported.length]);
      expect(text).not.toMatch(/arktype/);
      expect(found(text)).toEqual([]);
    }
  });

  it("package.json asks for nothing of it, and names the one minor whose types fit", () => {
    const manifest = JSON.parse(readFileSync(join(ours, "package.json"), "utf8"));
    expect(manifest.peerDependencies["@faremeter/types"]).toBe(">=0.22 <0.23");
    expect(manifest.peerDependenciesMeta["@faremeter/types"]).toEqual({ optional: true });
    const { dependencies, optionalDependencies, bundleDependencies, bundledDependencies, peerDependencies } = manifest;
    const brought = Object.keys({ ...dependencies, ...optionalDependencies });
    expect(brought.length).toBeGreaterThan(5);
    expect(brought.filter((name) => /faremeter|^arktype|^@ark\//.test(name))).toEqual([]);
    expect([bundleDependencies, bundledDependencies]).toEqual([undefined, undefined]);
    expect(Object.keys(peerDependencies).filter((name) => /faremeter|^arktype/.test(name))).toEqual([
      "@faremeter/types",
    ]);
  });
});

const SELLER = `
import { memoryStore } from "x402-nano/facilitator";
import { createFacilitatorHandler, nanoExact, nanoPricing } from "x402-nano/faremeter";
import { createLedger } from "x402-nano/rpc";
const ledger = createLedger({ rpcUrls: "http://127.0.0.1:1" });
const store = memoryStore();
const handler = createFacilitatorHandler({ ledger, store, challengeSecret: "ab".repeat(32) });
const price = nanoPricing({ payTo: "${PAY_TO}", amount: "0.001 XNO" });
const close = async () => { handler.close(); await ledger.close(); await store.close(); };
`;

const BUYER = `
import { createPurse } from "x402-nano/client";
import { createPaymentHandler } from "x402-nano/faremeter";
import { createLedger } from "x402-nano/rpc";
const ledger = createLedger({ rpcUrls: "http://127.0.0.1:1" });
const purse = await createPurse({ seed: "3c".repeat(32), ledger });
const handler = createPaymentHandler(purse, { prefer: "nanoSignature" });
const close = async () => { await purse.close(); await ledger.close(); };
`;

describe("where no package of Faremeter is installed", () => {
  it("x402-nano/faremeter is imported, and its handler offers and judges", async () => {
    const script = `${SELLER}
      const isMissing = await import("@faremeter/types").then(() => false, ({ code }) => code === "ERR_MODULE_NOT_FOUND");
      const { recipient: payTo, ...rest } = price;
      const skeleton = { ...rest, payTo, scheme: "exact", maxTimeoutSeconds: 0 };
      const offers = await handler.getRequirements({ accepts: [skeleton] });
      const payment = { x402Version: 2, accepted: offers[0], payload: {} };
      const verdict = await handler.handleVerify(offers[0], payment);
      const settled = await handler.handleSettle(offers[0], payment);
      const remote = nanoExact({ payTo, amount: 1000n });
      await close();
      console.log(JSON.stringify({ isMissing, offers, verdict, settled, remote }));`;
    expect(await runScript(alone, "faremeter-seller.mjs", script)).toMatchObject({
      isMissing: true,
      offers: [
        { amount: "1000000000000000000000000001", extra: { assetTransferMethod: "nanoTxn" } },
        { amount: "1000000000000000000000000000", extra: { assetTransferMethod: "nanoSignature" } },
      ],
      verdict: { isValid: false, invalidReason: "malformed_payload" },
      settled: { success: false, errorReason: "malformed_payload" },
      remote: { maxAmountRequired: "1000", maxTimeoutSeconds: 60 },
    });
  });

  it("the buyer's handler picks from a 402 what it would pay", async () => {
    const script = `${BUYER}
      const entry = { scheme: "exact", network: "nano:mainnet", asset: "XNO", amount: "10", payTo: "${PAY_TO}" };
      const offered = { ...entry, maxTimeoutSeconds: 60, extra: { assetTransferMethod: "nanoSignature", nonce: "ab".repeat(32), validBefore: Math.floor(Date.now() / 1000) + 60 } };
      const foreign = { ...offered, network: "eip155:8453", asset: "USDC" };
      const execers = await handler({ request: "http://127.0.0.1/" }, [foreign, offered]);
      await close();
      console.log(JSON.stringify(execers.map(({ requirements, exec }) => [requirements === offered, typeof exec])));`;
    expect(await runScript(alone, "faremeter-buyer.mjs", script)).toEqual([[true, "function"]]);
  });
});

describe("beside Faremeter as it is installed", () => {
  it("the peer's range takes 0.22", () => {
    for (const name of readdirSync(scope)) {
      expect(JSON.parse(readFileSync(join(scope, name, "package.json"), "utf8")).version).toMatch(/^0\.22\.\d+$/);
    }
  });

  it("its middleware serves our 402, and refuses junk through our handler", async () => {
    const script = `${SELLER}
      import { createMiddleware } from "@faremeter/middleware/hono";
      import { Hono } from "hono";
      const app = new Hono();
      const supportedVersions = { x402v1: true, x402v2: true };
      app.use(await createMiddleware({ x402Handlers: [handler], pricing: [price], supportedVersions }));
      app.get("/", (context) => context.text("served"));
      const offered = await app.request("http://127.0.0.1/");
      const { accepts } = await offered.json();
      const entry = JSON.parse(atob(offered.headers.get("PAYMENT-REQUIRED"))).accepts[0];
      const header = btoa(JSON.stringify({ x402Version: 2, accepted: entry, payload: {} }));
      const refused = await app.request("http://127.0.0.1/", { headers: { "PAYMENT-SIGNATURE": header } });
      const settlement = JSON.parse(atob(refused.headers.get("PAYMENT-RESPONSE")));
      await close();
      console.log(JSON.stringify([offered.status, accepts.length, refused.status, settlement.errorReason]));`;
    expect(await runScript(beside, "faremeter-shop.mjs", script)).toEqual([402, 2, 402, "malformed_payload"]);
  });

  it("its wrap takes our payment handler, and a purse without money pays nothing", async () => {
    const script = `${BUYER}
      import { wrap } from "@faremeter/fetch";
      const entry = { scheme: "exact", network: "nano:mainnet", asset: "XNO", amount: "10", payTo: "${PAY_TO}", maxTimeoutSeconds: 60 };
      const extra = { assetTransferMethod: "nanoTxn", validBefore: Math.floor(Date.now() / 1000) + 60 };
      const required = { x402Version: 2, resource: { url: "http://127.0.0.1/" }, accepts: [{ ...entry, extra }] };
      let requests = 0;
      const shop = async () => {
        requests += 1;
        return new Response(null, { status: 402, headers: { "PAYMENT-REQUIRED": btoa(JSON.stringify(required)) } });
      };
      const pay = wrap(handler.watch(shop), { handlers: [handler], retryCount: 0 });
      const outcome = await pay("http://127.0.0.1/").then(() => "paid", ({ code }) => code);
      await close();
      console.log(JSON.stringify([requests, outcome]));`;
    expect(await runScript(beside, "faremeter-buyer.mjs", script)).toEqual([1, "ledger_unavailable"]);
  });
});
