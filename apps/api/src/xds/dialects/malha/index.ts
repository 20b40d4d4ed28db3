// Dialect `malha`: what our own proxy is sent; decode(encode(config)) = config.
import type { MeshConfig } from '@malha/traffic';
import { type Dialect, encodePlan, type ResourcePlan, type XdsResource } from '../dialect.ts';
import { clusterPlan } from './clusters.ts';
import { endpointsPlan } from './endpoints.ts';
import { gatewayPlan } from './gateway.ts';
import { inboundPlan, outboundPlan } from './listeners.ts';
import { routeTablePlan } from './routes.ts';
import { tcpPlan } from './tcp.ts';

function plan(config: MeshConfig): ResourcePlan[] {
  return [
    ...config.clusters.map(clusterPlan),
    ...config.endpoints.map(endpointsPlan),
    outboundPlan(config.outbound),
    inboundPlan(config.inbound),
    ...(config.tcp ?? []).map(tcpPlan),
    ...(config.gateways ?? []).map(gatewayPlan),
    ...config.routeTables.map(routeTablePlan),
  ];
}

export const malhaDialect: Dialect = { name: 'malha', resendsEndpoints: false, plan };

export function encode(config: MeshConfig): XdsResource[] {
  return plan(config).map(encodePlan);
}
