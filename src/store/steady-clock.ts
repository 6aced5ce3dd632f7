/**
 * A clock that is set back goes on from where it was last read: leases are neither cut short nor revived, and last
 * longer by what passed unread, not by the correction. A clock set forward ends leases as if that time had passed.
 */
export function steady(clock: () => number): () => number {
  let reading = clock();
  let nowMs = reading;
  return () => {
    const next = clock();
    if (next > reading) nowMs += next - reading;
    reading = next;
    return nowMs;
  };
}
