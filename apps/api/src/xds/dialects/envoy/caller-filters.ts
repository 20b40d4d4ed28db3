// HTTP filters of listeners for callers, outbound and at the edge, in their order. Each does nothing for a route without its settings.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HttpFilterSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { faultFilter } from './faults.ts';
import { type Counters, globalLimitFilters } from './global-limits.ts';
import { corsFilter, routerFilter } from './manager.ts';
import { localLimitFilter } from './rate-limits.ts';
import { sessionFilter } from './sessions.ts';

export function callerFilters(counters: Counters): MessageInitShape<typeof HttpFilterSchema>[] {
  return [
    corsFilter(),
    faultFilter(),
    localLimitFilter(),
    ...globalLimitFilters(counters),
    sessionFilter(),
    routerFilter(),
  ];
}
