// Dialect `malha`: what our own proxy is sent; decode(encode(config)) = config.
import type { MeshConfig } from '@malha/traffic';
import { type Dialect, type DialectContext, encodePlan, type ResourcePlan, type XdsResource } from '../dialect.ts';
import { storedCertificatePlans } from '../shared/certificates.ts';
import { clusterPlan } from './clusters.ts';
import { endpointsPlan } from './endpoints.ts';
import { gatewayPlan } from './gateway.ts';
import { inboundPlan, outboundPlan } from './listeners.ts';
import { routeTablePlan } from './routes.ts';
import { tcpPlan } from './tcp.ts';

function plan(config: MeshConfig, { certificateOf }: Pick<DialectContext, 'certificateOf'>): ResourcePlan[] {
  return [
    ...config.clusters.map(clusterPlan),
    ...config.endpoints.map(endpointsPlan),
    outboundPlan(config.outbound),
    inboundPlan(config.inbound),
    ...(config.tcp ?? []).map(tcpPlan),
    ...storedCertificatePlans(config.gateways ?? [], certificateOf),
    ...(config.gateways ?? []).map(gatewayPlan),
    ...config.routeTables.map(routeTablePlan),
  ];
}

export const malhaDialect: Dialect = { name: 'malha', resendsEndpoints: false, plan };

export function encode(config: MeshConfig): XdsResource[] {
  return plan(config, { certificateOf: () => undefined }).map(encodePlan);
}
