/** What was opened, closed in the opposite order, whatever fails on the way. */
export interface Closing {
  keep<Opened extends { close(): Promise<unknown> }>(opened: Opened): Opened;
  onClose(close: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export function createClosing(): Closing {
  const closers: (() => Promise<unknown>)[] = [];
  return {
    keep(opened) {
      closers.push(() => opened.close());
      return opened;
    },
    onClose: (close) => void closers.push(close),
    async close() {
      const faults: unknown[] = [];
      for (const close of closers.splice(0).reverse()) await close().catch((error: unknown) => faults.push(error));
      if (faults.length > 0) throw faults[0];
    },
  };
}
