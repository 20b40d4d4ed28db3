// Gateways with their listeners: which are served, and which namespaces and kinds of routes each takes.
import {
  type Feature,
  GATEWAY_API_GROUP,
  type GatewayListenerSpec,
  type GatewayResource,
  type LabelSelector,
  type NamespaceResource,
  namespaceOf,
} from '@malha/model';
import type { GatewayServer } from '@malha/traffic';
import { isPlanned } from '../enforcement.ts';
import type { AttachedRoute } from '../routes/attach.ts';
import type { Layer4RouteResource } from '../tcp/attach.ts';

/** Gateways of other classes are other controllers'. */
export const GATEWAY_CLASS = 'malha';

export interface GatewayEntry {
  readonly resource: GatewayResource;
  readonly namespace: string;
  readonly name: string;
  readonly listeners: readonly ListenerEntry[];
}

export interface ListenerEntry {
  readonly spec: GatewayListenerSpec;
  readonly index: number;
  /** `*` when the listener names none. */
  readonly hostname: string;
  /** Oldest first. */
  readonly routes: ListenerRoute[];
  /** Of connections, oldest first; no two have a hostname in common. */
  readonly layer4: ListenerLayer4Route[];
}

/** A listener that is opened: its certificates are there for it. */
export interface ServedListener {
  readonly hostname: string;
  readonly listener: ListenerEntry;
  readonly server: GatewayServer;
}

export interface ListenerRoute {
  readonly route: AttachedRoute;
  /** What the hostnames of route and listener have in common. */
  readonly hostnames: readonly string[];
}

export interface ListenerLayer4Route {
  readonly route: Layer4RouteResource;
  /** As of a `ListenerRoute`, without those that an older route has. */
  readonly hostnames: readonly string[];
}

export function gatewayEntry(resource: GatewayResource): GatewayEntry {
  const listeners = resource.spec.listeners.map((spec, index) => {
    return { spec, index, hostname: spec.hostname ?? '*', routes: [], layer4: [] };
  });
  return { resource, namespace: namespaceOf(resource), name: resource.metadata.name, listeners };
}

const FEATURES: Readonly<Record<GatewayListenerSpec['protocol'], Feature>> = {
  HTTP: 'gateway.http',
  HTTPS: 'gateway.https',
  TLS: 'gateway.tls',
  TCP: 'gateway.tcp',
  UDP: 'gateway.udp',
};

export function isPlannedProtocol({ protocol }: GatewayListenerSpec): boolean {
  return isPlanned(FEATURES[protocol]);
}

/** Whether TLS is passed on as it comes: nothing but the server name of its ClientHello is known of it. */
export function isPassthrough({ protocol, tls }: GatewayListenerSpec): boolean {
  return protocol === 'TLS' && tls?.mode === 'Passthrough';
}

/** As a finding names it. */
export function protocolWords(spec: GatewayListenerSpec): string {
  return isPassthrough(spec) ? `${spec.protocol} with mode Passthrough` : spec.protocol;
}

/** Kinds of routes that a protocol carries. */
const KINDS: Readonly<Record<GatewayListenerSpec['protocol'], readonly string[]>> = {
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TLS: ['TLSRoute', 'TCPRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
};

type RouteKind = NonNullable<NonNullable<GatewayListenerSpec['allowedRoutes']>['kinds']>[number];

export function carriesKind(spec: GatewayListenerSpec, { group, kind }: RouteKind): boolean {
  const kinds = isPassthrough(spec) ? ['TLSRoute'] : KINDS[spec.protocol];
  return (group ?? GATEWAY_API_GROUP) === GATEWAY_API_GROUP && kinds.includes(kind);
}

export function allowsKind(spec: GatewayListenerSpec, kind: string): boolean {
  const kinds = spec.allowedRoutes?.kinds ?? [];
  if (!carriesKind(spec, { kind })) return false;
  return kinds.length === 0 || kinds.some((each) => each.kind === kind && carriesKind(spec, each));
}

/** Labels of a namespace, with the one that Kubernetes gives to each. */
export function namespaceLabels(name: string, resource: NamespaceResource | undefined): Labels {
  return { ...resource?.metadata.labels, 'kubernetes.io/metadata.name': name };
}

type Labels = Readonly<Record<string, string>>;

export function allowsNamespace(
  { allowedRoutes }: GatewayListenerSpec,
  gateway: string,
  route: string,
  labelsOf: (namespace: string) => Labels,
): boolean {
  const { from = 'Same', selector = {} } = allowedRoutes?.namespaces ?? {};
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return gateway === route;
    case 'Selector':
      return selects(selector, labelsOf(route));
    case 'None':
      return false;
  }
}

function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  if (!Object.entries(matchLabels).every(([key, value]) => labels[key] === value)) return false;
  return matchExpressions.every((requirement) => meets(requirement, labels[requirement.key]));
}

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

function meets({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
