// Dialect `envoy`: the same configuration for a stock Envoy, in its own terms only.
import type { Cluster, MeshConfig, RetryBudgetConfig } from '@malha/traffic';
import type { Dialect, DialectContext, ResourcePlan } from '../dialect.ts';
import { applicationPlan } from './application.ts';
import { certificatePlans } from './certificates.ts';
import { bytesClusterPlan, clusterPlan } from './clusters.ts';
import { endpointsPlan } from './endpoints.ts';
import { gatewayPlan } from './gateway.ts';
import { splitTables } from './gateway-tables.ts';
import { routeCounters } from './global-limits.ts';
import { inboundPlan } from './inbound.ts';
import { outboundPlan } from './outbound.ts';
import { routeTablePlan } from './routes.ts';
import { tcpPlan } from './tcp.ts';

function plan(config: MeshConfig, context: DialectContext): ResourcePlan[] {
  const { gateways = [] } = config;
  const budgets = budgetsOf(config);
  const counters = routeCounters(config);
  const clusters = new Map<string, Cluster>(config.clusters.map((cluster) => [cluster.name, cluster]));
  return [
    ...config.clusters.map((cluster) => clusterPlan(cluster, budgets.get(cluster.name), context)),
    ...config.inbound.ports.map(applicationPlan),
    ...config.endpoints.map(endpointsPlan),
    outboundPlan(config.outbound, counters, context),
    // An edge proxy may have no port of its own, and Envoy refuses a listener without filter chains.
    ...(config.inbound.ports.length > 0 ? [inboundPlan(config.inbound, context)] : []),
    ...[...bytesClusters(config, clusters)].map((cluster) => bytesClusterPlan(cluster, context)),
    ...(config.tcp ?? []).map((listener) => tcpPlan(listener, { clusters, counters }, context)),
    ...gateways.flatMap((listener) => gatewayPlan(listener, { clusters, counters }, context)),
    ...certificatePlans(gateways, context),
    ...splitTables(config.routeTables, gateways).map((table) => routeTablePlan(table, clusters, counters)),
  ];
}

/** Whose endpoints get bytes beside HTTP. */
function bytesClusters({ tcp = [] }: MeshConfig, clusters: ReadonlyMap<string, Cluster>): Set<Cluster> {
  const detected = tcp.filter(({ httpRouteTable }) => httpRouteTable !== undefined);
  const names = detected.flatMap(({ routes }) => routes.flatMap((route) => route.clusters));
  return new Set(names.flatMap(({ cluster }) => clusters.get(cluster) ?? []));
}

/** Of the first route that forwards to the cluster. */
function budgetsOf({ routeTables }: MeshConfig): Map<string, RetryBudgetConfig> {
  const budgets = new Map<string, RetryBudgetConfig>();
  for (const { virtualHosts } of routeTables) {
    for (const { routes } of virtualHosts) {
      for (const { action } of routes) {
        if (action.type !== 'forward') continue;
        for (const { cluster } of action.clusters) {
          if (!budgets.has(cluster)) budgets.set(cluster, action.retry.budget);
        }
      }
    }
  }
  return budgets;
}

export const envoyDialect: Dialect = { name: 'envoy', resendsEndpoints: true, plan };
