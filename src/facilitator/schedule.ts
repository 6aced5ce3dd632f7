/** Calls again and again until it is told to stop, and keeps no process alive. */
export type Schedule = (run: () => void, everyMs: number) => () => void;

export const scheduleUnref: Schedule = (run, everyMs) => {
  const timer = setInterval(run, everyMs);
  // A number where timers keep nothing alive.
  if (typeof timer === "object") timer.unref();
  return () => {
    clearInterval(timer);
  };
};
