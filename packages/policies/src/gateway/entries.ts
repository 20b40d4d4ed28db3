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
import { isPlanned } from '../enforcement.ts';
import type { AttachedRoute } from '../routes/attach.ts';

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
}

export interface ListenerRoute {
  readonly route: AttachedRoute;
  /** What the hostnames of route and listener have in common. */
  readonly hostnames: readonly string[];
}

export function gatewayEntry(resource: GatewayResource): GatewayEntry {
  const listeners = resource.spec.listeners.map((spec, index) => {
    return { spec, index, hostname: spec.hostname ?? '*', routes: [] };
  });
  return { resource, namespace: namespaceOf(resource), name: resource.metadata.name, listeners };
}

const FEATURES: Readonly<Record<GatewayListenerSpec['protocol'], Feature>> = {
  HTTP: 'gateway.http',
  HTTPS: 'gateway.https',
  TLS: 'gateway.tls',
  TCP: 'gateway.tcp',
  UDP: 'gateway.tcp',
};

export function isPlannedProtocol({ protocol }: GatewayListenerSpec): boolean {
  return isPlanned(FEATURES[protocol]);
}

export function isHttpProtocol(protocol: GatewayListenerSpec['protocol']): protocol is 'HTTP' | 'HTTPS' {
  return protocol === 'HTTP' || protocol === 'HTTPS';
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

export function carriesKind({ protocol }: GatewayListenerSpec, { group, kind }: RouteKind): boolean {
  return (group ?? GATEWAY_API_GROUP) === GATEWAY_API_GROUP && KINDS[protocol].includes(kind);
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
