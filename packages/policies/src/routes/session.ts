// Session persistence of a rule (Gateway API, GEP-1619).
import { durationMs, type HttpRouteRule } from '@malha/model';
import type { SessionConfig } from '@malha/traffic';

const NAME = 'malha-session';

/** Timeouts of idle sessions would have to be kept by somebody: the field has no effect, and a finding. */
export function sessionOf(persistence: HttpRouteRule['sessionPersistence']): SessionConfig | undefined {
  if (persistence === undefined) return undefined;
  const { sessionName = NAME, type = 'Cookie', cookieConfig, absoluteTimeout } = persistence;
  if (type === 'Header') return { type: 'header', name: sessionName.toLowerCase(), maxAgeSeconds: 0 };
  const isPermanent = cookieConfig?.lifetimeType === 'Permanent' && absoluteTimeout !== undefined;
  const maxAgeSeconds = isPermanent ? Math.ceil(durationMs(absoluteTimeout) / 1000) : 0;
  return { type: 'cookie', name: sessionName, maxAgeSeconds };
}
