// Short forms for cases at the edge: Gateway `shop/edge`, routes to it, grants, and requests from outside.
import type { Caller, Exchange, MatrixCase } from './case.ts';

export const HTTP_PORT = 8080;
export const OTHER_PORT = 8081;
export const HTTPS_PORT = 8443;
export const TLS_PORT = 9443;
export const TCP_PORT = 9000;

export const OUTSIDE: Caller = { via: 'gateway', port: HTTP_PORT };

export function outsideBy(serverName: string): Caller {
  return { via: 'gateway', port: HTTPS_PORT, serverName };
}

/** `listeners` in flow style, each without name, port and protocol: `a`, `b`, … on one HTTP port. */
export function gateway(...listeners: readonly string[]): string {
  return gatewayOf(listeners.map((each, index) => listener(nameAt(index), `port: ${HTTP_PORT}, protocol: HTTP`, each)));
}

/** As `gateway`, each item with hostname and certificate. */
export function secureGateway(...listeners: readonly string[]): string {
  return gatewayOf(
    listeners.map((each, index) => listener(nameAt(index), `port: ${HTTPS_PORT}, protocol: HTTPS`, each)),
  );
}

export function listener(name: string, place: string, more = ''): string {
  return `{name: ${name}, ${place}${more === '' ? '' : `, ${more}`}}`;
}

export function gatewayOf(listeners: readonly string[], gatewayClass = 'malha'): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: ${gatewayClass}, listeners: [${listeners.join(', ')}]}
`;
}

function nameAt(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + index);
}

interface EdgeRoute {
  /** Further fields of the parentRef. */
  readonly parent?: string;
  readonly hostnames?: string;
  readonly namespace?: string;
}

/** An HTTPRoute of the gateway; `rules` in flow style. */
export function edgeRoute(name: string, rules: string, { parent, hostnames, namespace = 'shop' }: EdgeRoute = {}) {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  parentRefs: [{name: edge, namespace: shop${parent === undefined ? '' : `, ${parent}`}}]
${hostnames === undefined ? '' : `  hostnames: [${hostnames}]\n`}  rules: ${rules}
`;
}

/** A TCPRoute or TLSRoute of the gateway; `backends` in flow style. */
export function connectionRoute(
  kind: 'TCPRoute' | 'TLSRoute',
  name: string,
  backends: string,
  { parent, hostnames, namespace = 'shop' }: EdgeRoute = {},
): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  parentRefs: [{name: edge, namespace: shop${parent === undefined ? '' : `, ${parent}`}}]
${hostnames === undefined ? '' : `  hostnames: [${hostnames}]\n`}  rules: [{backendRefs: [${backends}]}]
`;
}

/** From routes or gateways of one namespace to a kind of another one. */
export function grant(from: string, kind: string, to: string, namespace = 'shop'): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: from-${from}, namespace: ${namespace}}
spec:
  from: [{group: gateway.networking.k8s.io, kind: ${kind}, namespace: ${from}}]
  to: [{group: "", ${to}}]
`;
}

/** Requests by host and path, each with the backend or the status that answers. */
export function outside(
  name: string,
  resources: string,
  answers: readonly (readonly [url: string, answer: string | number])[],
  more: Partial<MatrixCase> = {},
): MatrixCase {
  return { name, resources, caller: OUTSIDE, exchanges: answers.map(([url, answer]) => visit(url, answer)), ...more };
}

export function visit(url: string, answer: string | number, more: Partial<Exchange['expect']> = {}): Exchange {
  const slash = url.indexOf('/');
  const request = { host: slash < 0 ? url : url.slice(0, slash), path: slash < 0 ? '/' : url.slice(slash) };
  const expect = typeof answer === 'string' ? { status: 200, backend: answer } : { status: answer, backend: null };
  return { request, expect: { ...expect, ...more } };
}
