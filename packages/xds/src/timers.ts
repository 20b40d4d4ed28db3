// Timers as they are passed in: tests run on virtual time.
export interface Timers {
  /** Runs once after `ms`; the returned function cancels. */
  after(ms: number, run: () => void): () => void;
}

/** Timers of the process; they do not keep it alive. */
export const processTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
