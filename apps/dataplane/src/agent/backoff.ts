// When to try again: quickly in the first minute of an outage, rarely later; always with jitter.
const EARLY_MS = 60_000;
const EARLY_MIN_MS = 100;
const EARLY_MAX_MS = 1_000;
const LATE_MAX_MS = 30_000;

/** `outageMs`: how long the control plane has been away. */
export function reconnectDelayMs(outageMs: number, attempt: number, random: () => number): number {
  const early = Math.min(EARLY_MAX_MS, EARLY_MIN_MS * 2 ** Math.min(attempt, 10));
  const ceiling = outageMs < EARLY_MS ? early : LATE_MAX_MS;
  // From a half up: never at once, and a fleet that lost the same server spreads.
  return Math.round(ceiling * (0.5 + random() * 0.5));
}
