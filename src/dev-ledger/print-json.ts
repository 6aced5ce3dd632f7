/** Pretty-printed with a line end, as the node writes everything. */
export function printJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 4)}\n`;
}
