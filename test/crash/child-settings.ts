/** A setting of a child process, from its environment. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new TypeError(`${name} is not set`);
  return value;
}
