// Certificates that end soon and that listeners show, as problems of the mesh in words.
import type { Problem } from '../telemetry/index.ts';
import type { CertificateView } from './gateway-certificates.ts';

const DAY_MS = 86_400_000;
/** Public authorities renew 30 days ahead: whoever has so few left has no renewal that works. */
export const WARN_BEFORE_MS = 21 * DAY_MS;

export function certificateProblems(certificates: readonly CertificateView[], nowMs: number): Problem[] {
  return certificates.flatMap(({ namespace, name, notAfterMs, usedBy }): Problem[] => {
    const leftMs = notAfterMs - nowMs;
    if (usedBy.length === 0 || leftMs > WARN_BEFORE_MS) return [];
    const has = leftMs <= 0 ? 'has ended' : `ends in ${daysInWords(leftMs)}`;
    const detail = `${leftMs <= 0 ? 'Clients refuse' : 'Then clients refuse'} what ${usedBy.join(', ')} shows: store the next one.`;
    const severity = leftMs <= 0 ? 'err' : 'warn';
    return [{ severity, title: `Certificate ${namespace}/${name} ${has}`, detail, link: '/certificates' }];
  });
}

function daysInWords(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  if (days === 0) return 'less than a day';
  return days === 1 ? '1 day' : `${days} days`;
}
