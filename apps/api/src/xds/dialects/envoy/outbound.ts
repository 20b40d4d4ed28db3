// Listener `outbound` for Envoy: explicit calls of the workload by Host, routed by RDS.
import { create, toBinary } from '@bufbuild/protobuf';
import type { OutboundListener } from '@malha/traffic';
import { LISTENER_TYPE } from '@malha/xds';
import { OUTBOUND_LISTENER } from '@malha/xds/extension-names';
import { TrafficDirection } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import type { DialectContext, ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { callerFilters } from './caller-filters.ts';
import type { Counters } from './global-limits.ts';
import { commonManager } from './manager.ts';
import { ADS, typed } from './types.ts';

export function outboundPlan(listener: OutboundListener, counters: Counters, context: DialectContext): ResourcePlan {
  return {
    typeUrl: LISTENER_TYPE,
    name: OUTBOUND_LISTENER,
    source: [listener, context, ...counters],
    bytes: () => encodeOutbound(listener, counters, context),
  };
}

function encodeOutbound(
  { routeTable }: OutboundListener,
  counters: Counters,
  { address, outboundPort }: DialectContext,
): Uint8Array {
  const manager = typed(HttpConnectionManagerSchema, {
    ...commonManager(OUTBOUND_LISTENER),
    routeSpecifier: { case: 'rds', value: { routeConfigName: routeTable, configSource: ADS } },
    httpFilters: callerFilters(counters),
  });
  const message = create(ListenerSchema, {
    name: OUTBOUND_LISTENER,
    address: socketAddress(address, outboundPort),
    trafficDirection: TrafficDirection.OUTBOUND,
    filterChains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', configType: manager }] }],
  });
  return toBinary(ListenerSchema, message);
}
