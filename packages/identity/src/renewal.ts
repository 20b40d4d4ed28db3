// When to renew a certificate: pure arithmetic; the caller brings clock, randomness and timers.

/** Share of the life after which a certificate is renewed, and how far the moment is spread around it. */
const RENEW_AT = 0.5;
const JITTER = 0.1;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 30_000;

export interface CertificateLife {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Milliseconds from now to the renewal: half of the life, ± a tenth of the life, so that a fleet does not renew at once. */
export function renewalDelayMs(life: CertificateLife, nowMs: number, random: () => number): number {
  const lifetimeMs = life.notAfterMs - life.notBeforeMs;
  const share = RENEW_AT + (random() * 2 - 1) * JITTER;
  return Math.max(0, Math.round(life.notBeforeMs + lifetimeMs * share - nowMs));
}

/** Delay before trying again after the `failures`-th failure in a row: full jitter, doubling from 1 s to 30 s. */
export function renewalRetryDelayMs(failures: number, random: () => number): number {
  const ceilingMs = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(failures, 10));
  return Math.round(RETRY_BASE_MS / 2 + random() * ceilingMs);
}
