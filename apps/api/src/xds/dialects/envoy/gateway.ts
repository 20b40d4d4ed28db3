// Listeners of a gateway for Envoy as an edge: it believes nothing that clients claim. HTTPS needs its own files of
// certificates and is left out yet.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { GatewayListener } from '@malha/traffic';
import { LISTENER_TYPE } from '@malha/xds';
import { gatewayListenerName } from '@malha/xds/extension-names';
import {
  HeaderValueOption_HeaderAppendAction,
  TrafficDirection,
} from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import type { RouteConfigurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import type { DialectContext, ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { commonManager, corsFilter, routerFilter } from './manager.ts';
import { ADS, typed } from './types.ts';

export function gatewayPlan(listener: GatewayListener, context: DialectContext): ResourcePlan[] {
  if (listener.protocol !== 'HTTP') return [];
  const name = gatewayListenerName(listener.port);
  const bytes = () => encodeGateway(name, listener, context);
  return [{ typeUrl: LISTENER_TYPE, name, source: [listener, context], bytes }];
}

function encodeGateway(name: string, { port, routeTable }: GatewayListener, { address }: DialectContext): Uint8Array {
  const manager = typed(HttpConnectionManagerSchema, {
    ...commonManager(name),
    routeSpecifier: { case: 'rds', value: { routeConfigName: routeTable, configSource: ADS } },
    // Scheme, request id and Envoy's own headers are ours; nobody's address makes him one of us.
    useRemoteAddress: true,
    internalAddressConfig: {},
    httpFilters: [corsFilter(), routerFilter()],
  });
  const message = create(ListenerSchema, {
    name,
    address: socketAddress(address, port),
    trafficDirection: TrafficDirection.INBOUND,
    filterChains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', configType: manager }] }],
  });
  return toBinary(ListenerSchema, message);
}

/** Before the changes of any route: the address of the client, and none of what it says in our name. */
export const EDGE_TABLE = {
  ignorePortInHostMatching: true,
  mostSpecificHeaderMutationsWins: true,
  requestHeadersToRemove: ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-real-ip', 'x-malha-peer'],
  requestHeadersToAdd: [
    {
      header: { key: 'x-forwarded-for', value: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%' },
      appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
    },
  ],
} satisfies MessageInitShape<typeof RouteConfigurationSchema>;
