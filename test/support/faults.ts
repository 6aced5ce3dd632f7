/** Any of the target's methods. */
export type MethodOf<Target> = {
  [Name in keyof Target]: Target[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Target];

type Method<Target, Name extends keyof Target> = Extract<Target[Name], (...args: never[]) => unknown>;

/** Instead of one call: gets the real method and the arguments. */
export type Behaviour<Target, Name extends keyof Target> = (
  real: Method<Target, Name>,
  ...args: Parameters<Method<Target, Name>>
) => ReturnType<Method<Target, Name>>;

/** A port whose calls can be watched and spoiled, one by one or all of them. */
export interface Spoilable<Target> {
  /** Stands in for the target. */
  readonly port: Target;
  /** Every call that was made, in order. */
  readonly calls: readonly { readonly method: keyof Target; readonly args: readonly unknown[] }[];
  countOf(method: MethodOf<Target>): number;
  /** The next `times` calls of the method behave like this, then those that were planned after it. */
  next<Name extends MethodOf<Target>>(method: Name, behave: Behaviour<Target, Name>, times?: number): void;
  /** All calls that nothing else was planned for. */
  always<Name extends MethodOf<Target>>(method: Name, behave: Behaviour<Target, Name>): void;
  /** Takes back all plans. */
  heal(): void;
}

type AnyFunction = (...args: unknown[]) => unknown;
type AnyBehaviour = (real: AnyFunction, ...args: unknown[]) => unknown;

export function spoilable<Target extends object>(target: Target): Spoilable<Target> {
  const calls: { method: keyof Target; args: readonly unknown[] }[] = [];
  const planned = new Map<PropertyKey, AnyBehaviour[]>();
  const standing = new Map<PropertyKey, AnyBehaviour>();
  const port = new Proxy(target, {
    get(_, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function") return member;
      const real: AnyFunction = (...args) => Reflect.apply(member, target, args);
      return (...args: unknown[]) => {
        calls.push({ method: name as keyof Target, args });
        const behave = planned.get(name)?.shift() ?? standing.get(name);
        return behave === undefined ? real(...args) : behave(real, ...args);
      };
    },
  });
  return {
    port,
    calls,
    countOf: (method) => calls.filter((call) => call.method === method).length,
    next(method, behave, times = 1) {
      const more = Array.from({ length: times }, () => behave as AnyBehaviour);
      planned.set(method, [...(planned.get(method) ?? []), ...more]);
    },
    always(method, behave) {
      standing.set(method, behave as AnyBehaviour);
    },
    heal() {
      planned.clear();
      standing.clear();
    },
  };
}
