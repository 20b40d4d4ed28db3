// How long to wait before the next connection: random below a bound that doubles, small in the first minute of an outage.
const BASE_MS = 100;
const FIRST_MINUTE_MAX_MS = 1000;
const LATER_MAX_MS = 30_000;
const FIRST_MINUTE_MS = 60_000;

export interface Outage {
  /** Failed attempts since the last answer. */
  readonly failures: number;
  /** Since the last answer. */
  readonly lastedMs: number;
}

/** Full jitter, so that the proxies of a restarted control plane do not come all at once. */
export function reconnectDelayMs({ failures, lastedMs }: Outage, random: () => number): number {
  const max = lastedMs < FIRST_MINUTE_MS ? FIRST_MINUTE_MAX_MS : LATER_MAX_MS;
  return random() * Math.min(max, BASE_MS * 2 ** Math.min(failures, 20));
}
