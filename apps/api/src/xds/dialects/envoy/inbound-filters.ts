// Network filters of Envoy's inbound chains: HTTP with RBAC and the application as the only destination, or raw TCP.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { InboundPort } from '@malha/traffic';
import { forUndeclaredBytes } from '@malha/traffic/authorization-layer4';
import type { FilterSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import type { VirtualHostSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import {
  RBACSchema as HttpRbacSchema,
  RBACPerRouteSchema,
} from '@malha/xds/generated/envoy/extensions/filters/http/rbac/v3/rbac_pb';
import {
  HttpConnectionManager_PathWithEscapedSlashesAction as EscapedSlashes,
  HttpConnectionManager_ForwardClientCertDetails as ForwardClientCert,
  HttpConnectionManagerSchema,
  type HttpFilterSchema,
} from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { RBACSchema as NetworkRbacSchema } from '@malha/xds/generated/envoy/extensions/filters/network/rbac/v3/rbac_pb';
import { TcpProxySchema } from '@malha/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb';
import { applicationCluster } from './application.ts';
import { rbacGroups } from './authorization.ts';
import { type Counters, countersOf, globalLimitActions, globalLimitFilters } from './global-limits.ts';
import { boundedRoutes, boundsFilters, sizeOfHost } from './inbound-bounds.ts';
import { callDuration, commonManager, routerFilter } from './manager.ts';
import { connectionLimitFilters, localLimitFilter, localLimits, rateLimitActions } from './rate-limits.ts';
import { pack, typed } from './types.ts';

type Filter = MessageInitShape<typeof FilterSchema>;
type HttpFilter = MessageInitShape<typeof HttpFilterSchema>;
type Host = MessageInitShape<typeof VirtualHostSchema>;

/** A stream may be silent for long: what bounds it is said by the caller's proxy. */
const NO_TIMEOUT = durationFromMs(0);
const RBAC_FILTERS = ['malha.rbac.deny', 'malha.rbac.allow', 'malha.rbac.audit'];

export function isHttp({ protocol }: InboundPort): boolean {
  return protocol !== 'tcp' && protocol !== 'tls';
}

export function portFilters(port: InboundPort): Filter[] {
  return isHttp(port) ? [httpManager([port], [port])] : tcpFilters(port);
}

/** For bytes at a port of HTTP that declares nothing. */
export function bytesFilters(port: InboundPort): Filter[] {
  return tcpFilters({ ...port, protocol: 'tcp', authorization: forUndeclaredBytes(port.authorization) });
}

/** Plaintext has no SNI: of `all` ports those for HTTP are told apart by Host; a TCP port can only be there alone. */
export function plaintextFilters(ports: readonly InboundPort[], all: readonly InboundPort[]): Filter[] {
  const http = ports.filter(isHttp);
  if (http.length > 0) return [httpManager(http, all)];
  const [only, ...more] = ports;
  return only === undefined || more.length > 0 ? [] : tcpFilters(only);
}

function httpManager(ports: readonly InboundPort[], all: readonly InboundPort[]): Filter {
  const hasPaths = ports.some(({ authorization }) =>
    authorization.policies.some(({ rules }) => rules.some(({ paths }) => paths.length > 0)),
  );
  const counters = countersOf(ports.flatMap(({ rateLimits = [] }) => rateLimits));
  const config = typed(HttpConnectionManagerSchema, {
    ...commonManager(`inbound_${ports.map(({ port }) => port).join('_')}`),
    routeSpecifier: {
      case: 'routeConfig',
      value: { name: 'inbound', virtualHosts: ports.map((port) => virtualHost(port, all, counters)) },
    },
    streamIdleTimeout: NO_TIMEOUT,
    httpFilters: [
      ...rbacFilters(ports),
      localLimitFilter(),
      ...globalLimitFilters(counters),
      ...boundsFilters(ports),
      routerFilter(),
    ],
    // The application learns who called, from the certificate alone: what a caller claims is taken away.
    forwardClientCertDetails: ForwardClientCert.SANITIZE_SET,
    setCurrentClientCertDetails: { uri: true },
    // A path that two parties may read differently must not pass a rule about paths.
    ...(hasPaths && {
      normalizePath: true,
      mergeSlashes: true,
      pathWithEscapedSlashesAction: EscapedSlashes.REJECT_REQUEST,
    }),
  });
  return { name: 'envoy.filters.network.http_connection_manager', configType: config };
}

function virtualHost(port: InboundPort, all: readonly InboundPort[], counters: Counters): Host {
  const isOnly = all.length === 1;
  return {
    name: String(port.port),
    domains: isOnly ? ['*'] : hostDomains(port, all),
    routes: boundedRoutes(port, {
      action: {
        case: 'route',
        value: {
          clusterSpecifier: { case: 'cluster', value: applicationCluster(port) },
          rateLimits: [...rateLimitActions(port.rateLimits), ...globalLimitActions(port.rateLimits, counters)],
          timeout: NO_TIMEOUT,
          idleTimeout: NO_TIMEOUT,
          ...(port.protocol === 'grpc' && { maxStreamDuration: callDuration({ requestTimeoutMs: 0 }) }),
        },
      },
    }),
    typedPerFilterConfig: {
      ...(!isOnly && perHostRbac(port)),
      ...localLimits(port.rateLimits ?? []),
      ...sizeOfHost(port),
    },
  };
}

/** Port that a host without one means, of several. */
const USUAL_PORT = '80';

/**
 * With the ports of the services that stand in the SNI names, `<port>.<service>.<namespace>.mesh`. A host that several
 * ports have means, without a port, the one of 80.
 */
function hostDomains({ port: own, hosts, serverNames }: InboundPort, all: readonly InboundPort[]): string[] {
  const ports = serverNames.map((name) => name.slice(0, name.indexOf('.')));
  const isAlone = (host: string) => all.every(({ port, hosts: others }) => port === own || !others.includes(host));
  const domains = hosts.flatMap((host) => [
    ...(isAlone(host) || ports.includes(USUAL_PORT) ? [host] : []),
    ...ports.map((port) => `${host}:${port}`),
  ]);
  return [...new Set(domains)];
}

function rbacFilters(ports: readonly InboundPort[]): HttpFilter[] {
  const [only, ...more] = ports;
  if (only === undefined) return [];
  if (more.length > 0) {
    // Each virtual host brings its own rules.
    return RBAC_FILTERS.map((name) => ({ name, configType: typed(HttpRbacSchema, {}) }));
  }
  return rbacGroups(only).map(({ name, rules, shadowRules }) => ({
    name,
    configType: typed(HttpRbacSchema, {
      ...(rules !== undefined && { rules }),
      ...(shadowRules !== undefined && { shadowRules }),
    }),
  }));
}

function perHostRbac(port: InboundPort): Record<string, Any> {
  return Object.fromEntries(
    rbacGroups(port).map(({ name, rules, shadowRules }) => [
      name,
      pack(RBACPerRouteSchema, {
        rbac: { ...(rules !== undefined && { rules }), ...(shadowRules !== undefined && { shadowRules }) },
      }),
    ]),
  );
}

function tcpFilters(port: InboundPort): Filter[] {
  const rbac = rbacGroups(port).map(({ name, rules, shadowRules }) => ({
    name,
    configType: typed(NetworkRbacSchema, {
      statPrefix: name,
      ...(rules !== undefined && { rules }),
      ...(shadowRules !== undefined && { shadowRules }),
    }),
  }));
  const proxy = typed(TcpProxySchema, {
    statPrefix: `inbound_${port.port}`,
    clusterSpecifier: { case: 'cluster', value: applicationCluster(port) },
  });
  const limits = connectionLimitFilters(port.connectionLimits);
  return [...rbac, ...limits, { name: 'envoy.filters.network.tcp_proxy', configType: proxy }];
}
