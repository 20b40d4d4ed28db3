// How well a service is, from its figures and its instances.
import type { ServiceView } from './mesh-view.ts';

export type Health = 'ok' | 'warn' | 'err' | 'unknown';

/** Share of failed requests. */
export const WARN_ERROR_RATE = 0.01;
export const BAD_ERROR_RATE = 0.05;
/** One failure among few requests says nothing. */
const FAILURES_MIN = 3;

export interface Figures {
  readonly requests: number;
  readonly failures: number;
}

export function healthOf(figures: Figures, service: ServiceView | undefined): Health {
  const instances = service?.instances ?? [];
  const healthy = instances.filter((instance) => instance.healthy).length;
  if (instances.length > 0 && healthy === 0) return 'err';
  const ofTraffic = trafficHealth(figures);
  if (healthy < instances.length) return ofTraffic === 'err' ? 'err' : 'warn';
  return ofTraffic;
}

export function trafficHealth({ requests, failures }: Figures): Health {
  if (requests === 0) return 'unknown';
  const errorRate = failures / requests;
  if (failures < FAILURES_MIN || errorRate < WARN_ERROR_RATE) return 'ok';
  return errorRate >= BAD_ERROR_RATE ? 'err' : 'warn';
}
