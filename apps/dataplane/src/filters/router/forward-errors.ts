// Why a request that was carried to a cluster ended without an answer of it, in the operator's words.
import type { Cluster } from '@malha/traffic/config';
import { ProxyError } from '../../exchange/proxy-error.ts';

export function tooManyRequests({ name }: Cluster): ProxyError {
  return new ProxyError('overflow', `${name}: too many concurrent requests`);
}

export function breakerIsOpen({ name }: Cluster): ProxyError {
  return new ProxyError('overflow', `${name}: the circuit breaker is open`);
}

export function wrongAccept({ name }: Cluster): ProxyError {
  return new ProxyError('malformedResponse', `${name}: a wrong Sec-WebSocket-Accept`);
}

export function tookTooLong({ name }: Cluster, what: string): ProxyError {
  return new ProxyError('requestTimeout', `${name}: ${what} took too long`);
}

export function callTookTooLong({ name }: Cluster): ProxyError {
  return new ProxyError('deadlineExceeded', `${name}: the call took longer than it may`);
}
