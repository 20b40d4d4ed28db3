// Hostnames of the Gateway API: exact, `*.suffix`, or `*` for all; which covers which, and which is the more specific.

const ANY = '*';

/** Whether every host of `inner` (a host, or a wildcard) is one of `outer`. `*.a.b` stands for one label or more before it. */
export function coversHostname(outer: string, inner: string): boolean {
  if (outer === ANY || outer === inner) return true;
  return outer.startsWith('*.') && inner.endsWith(outer.slice(1)) && inner.length > outer.length - 1;
}

/** Hosts that both stand for; undefined when there are none. */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (coversHostname(a, b)) return b;
  return coversHostname(b, a) ? a : undefined;
}

/** Larger is more specific: exact hosts before wildcards, longer before shorter. */
export function hostnameRank(hostname: string): number {
  if (hostname === ANY) return 0;
  return hostname.startsWith('*.') ? hostname.length : EXACT + hostname.length;
}

const EXACT = 1_000;

/** The one whose hostname is the most specific of those that cover `host`. */
export function mostSpecific<T extends { readonly hostname: string }>(
  candidates: readonly T[],
  host: string,
): T | undefined {
  let best: T | undefined;
  for (const candidate of candidates) {
    if (!coversHostname(candidate.hostname, host)) continue;
    if (best === undefined || hostnameRank(candidate.hostname) > hostnameRank(best.hostname)) best = candidate;
  }
  return best;
}
