import { expect, test } from "vitest";
import { assembleModule, type WasmFunction, wasm } from "../../../src/nano/wasm-assembler.js";

/** Runs one function of the assembler's making. */
function run(parts: Partial<WasmFunction> & Pick<WasmFunction, "code">, ...given: (number | bigint)[]): unknown {
  const bytes = assembleModule({ name: "run", parameters: [], result: "i64", locals: [], ...parts });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return (exports["run"] as (...values: (number | bigint)[]) => unknown)(...given);
}

/** Where the variable-length numbers grow by a byte, on either side of zero. */
const EDGES = [0n, 1n, 63n, 64n, 127n, 128n, 8191n, 8192n, 2n ** 31n, 2n ** 62n, 2n ** 63n - 1n];

test.each(EDGES.flatMap((value) => [value, -value, -value - 1n]))("the 64-bit constant %s", (value) => {
  expect(run({ code: wasm.i64.constant(value) })).toBe(value);
});

test("a constant above 2^63 is the word with the same bits", () => {
  expect(run({ code: wasm.i64.constant(2n ** 64n - 1n) })).toBe(-1n);
});

test.each([0, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)])("the 32-bit constant %i", (value) => {
  expect(run({ result: "i32", code: wasm.i32.constant(value) })).toBe(value);
});

test("locals are numbered on from the parameters, also beyond 127, and start as zero", () => {
  const locals = Array.from({ length: 200 }, () => "i64" as const);
  const code = [...wasm.get(0), ...wasm.set(150), ...wasm.get(150), ...wasm.get(149), ...wasm.i64.add];
  expect(run({ parameters: ["i64"], locals, code }, 7n)).toBe(7n);
});

test("tee sets and keeps", () => {
  const code = [...wasm.i64.constant(5n), ...wasm.tee(0), ...wasm.get(0), ...wasm.i64.add];
  expect(run({ locals: ["i64"], code })).toBe(10n);
});

test("words rotate to the right, and add without a carry", () => {
  const [x, y] = [0x0123456789abcdefn, 0xffffffffffffffffn];
  const two = [...wasm.get(0), ...wasm.get(1)];
  const binary = { parameters: ["i64", "i64"] as const };
  expect(run({ ...binary, code: [...two, ...wasm.i64.rotateRight] }, x, 8n)).toBe(
    BigInt.asIntN(64, 0xef0123456789abcdn),
  );
  expect(run({ ...binary, code: [...two, ...wasm.i64.add] }, x, y)).toBe(x - 1n);
  expect(run({ ...binary, code: [...two, ...wasm.i64.xor] }, x, x)).toBe(0n);
  expect(run({ ...binary, result: "i32", code: [...two, ...wasm.i64.isAtLeastUnsigned] }, y, x)).toBe(1);
});

test("a loop ends where it is left", () => {
  const code = [
    ...[...wasm.block, ...wasm.loop],
    ...[...wasm.get(1), ...wasm.get(0), ...wasm.i32.isAtLeastUnsigned, ...wasm.branchIf(1)],
    ...[...wasm.get(1), ...wasm.i32.constant(1), ...wasm.i32.add, ...wasm.set(1), ...wasm.branch(0)],
    ...[...wasm.end, ...wasm.end, ...wasm.get(1)],
  ];
  expect(run({ parameters: ["i32"], result: "i32", locals: ["i32"], code }, 1000)).toBe(1000);
});

test("code may be longer than 2^14 bytes", () => {
  const additions = Array.from({ length: 10_000 }, () => [...wasm.get(0), ...wasm.i64.add]).flat();
  expect(run({ parameters: ["i64"], code: [...wasm.get(0), ...additions] }, 3n)).toBe(30_003n);
});
