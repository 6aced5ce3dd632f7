/** As much of WebAssembly's binary format as one function of numbers takes: no memory, no imports, no tables. */
export interface WasmFunction {
  /** What JavaScript calls it by. */
  readonly name: string;
  readonly parameters: readonly NumberType[];
  readonly result: NumberType;
  /** Numbered on from the parameters; all start as zero. */
  readonly locals: readonly NumberType[];
  readonly code: readonly number[];
}

export type NumberType = "i32" | "i64";

const TYPES = { i32: 0x7f, i64: 0x7e } as const;
const NO_RESULT = 0x40;
const END = 0x0b;
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const;
const SECTIONS = { types: 1, functions: 3, exports: 7, code: 10 } as const;
const FUNCTION_TYPE = 0x60;
const FUNCTION_EXPORT = 0x00;

/** Instructions as bytes; `depth` 0 is the innermost block. */
export const wasm = {
  block: [0x02, NO_RESULT],
  loop: [0x03, NO_RESULT],
  end: [END],
  branch: (depth: number): number[] => [0x0c, ...encodeUnsigned(depth)],
  branchIf: (depth: number): number[] => [0x0d, ...encodeUnsigned(depth)],
  get: (local: number): number[] => [0x20, ...encodeUnsigned(local)],
  set: (local: number): number[] => [0x21, ...encodeUnsigned(local)],
  /** Sets the local and leaves the value on the stack. */
  tee: (local: number): number[] => [0x22, ...encodeUnsigned(local)],
  i32: {
    constant: (value: number): number[] => [0x41, ...encodeSigned(BigInt(value))],
    add: [0x6a],
    isAtLeastUnsigned: [0x4f],
  },
  i64: {
    constant: (value: bigint): number[] => [0x42, ...encodeSigned(BigInt.asIntN(64, value))],
    add: [0x7c],
    xor: [0x85],
    rotateRight: [0x8a],
    isAtLeastUnsigned: [0x5a],
  },
} as const;

/** The bytes of a module that exports this function and nothing else. */
export function assembleModule({ name, parameters, result, locals, code }: WasmFunction): Uint8Array<ArrayBuffer> {
  const typeBytes = (types: readonly NumberType[]): number[] => types.map((type) => TYPES[type]);
  const localGroups = locals.map((type) => [1, TYPES[type]]);
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(SECTIONS.types, [FUNCTION_TYPE, ...sized(typeBytes(parameters)), ...sized(typeBytes([result]))]),
    ...section(SECTIONS.functions, [0]),
    ...section(SECTIONS.exports, [...sized([...new TextEncoder().encode(name)]), FUNCTION_EXPORT, 0]),
    ...section(SECTIONS.code, sized([...encodeUnsigned(locals.length), ...localGroups.flat(), ...code, END])),
  ]);
}

/** Each section here is a list of one item. */
function section(id: number, item: readonly number[]): number[] {
  return [id, ...sized([1, ...item])];
}

function sized(bytes: readonly number[]): number[] {
  return [...encodeUnsigned(bytes.length), ...bytes];
}

/** LEB128: seven bits a byte, the lowest first. */
function encodeUnsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encodeUnsigned(value >>> 7)];
}

/** The same with a sign, which is bit 6 of the last byte. */
function encodeSigned(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  return value >= -0x40n && value < 0x40n ? [low] : [low | 0x80, ...encodeSigned(value >> 7n)];
}
