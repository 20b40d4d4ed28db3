// The listeners of a Gateway as its form shows them, and what one is at first. Pure.
import type { YAMLMap } from 'yaml';
import type { Value } from './write-value.ts';
import { endLineOf, itemsOf, lineOf, mapOf, numberOf, type Source, textOf } from './yaml-read.ts';

export const PROTOCOLS = ['HTTP', 'HTTPS', 'TLS', 'TCP'] as const;
export type ListenerProtocol = (typeof PROTOCOLS)[number];

export interface CertificateRefView {
  readonly name: string;
  /** '' = that of the Gateway. */
  readonly namespace: string;
}

export interface ListenerView {
  readonly index: number;
  readonly name: string;
  readonly port: number | undefined;
  readonly protocol: string;
  /** '' = every host. */
  readonly hostname: string;
  readonly tlsMode: 'Terminate' | 'Passthrough' | undefined;
  readonly certificates: readonly CertificateRefView[];
  /** `All`, `Same`, `Selector`, `None`; Same where nothing is said. */
  readonly routesFrom: string;
  /** Kinds of routes that it takes; none = those of its protocol. */
  readonly routeKinds: readonly string[];
  readonly line: number;
  readonly endLine: number;
}

export function listenersOf(spec: YAMLMap | undefined, source: Source): readonly ListenerView[] {
  return itemsOf(spec, 'listeners').map((item, index) => listenerOf(item, index, source));
}

function listenerOf(item: YAMLMap, index: number, { lines }: Source): ListenerView {
  const tls = mapOf(item.get('tls', true));
  const allowed = mapOf(item.get('allowedRoutes', true));
  const mode = textOf(tls, 'mode');
  return {
    index,
    name: textOf(item, 'name') ?? '',
    port: numberOf(item, 'port'),
    protocol: textOf(item, 'protocol') ?? '',
    hostname: textOf(item, 'hostname') ?? '',
    tlsMode: tls === undefined ? undefined : mode === 'Passthrough' ? 'Passthrough' : 'Terminate',
    certificates: itemsOf(tls, 'certificateRefs').map((ref) => ({
      name: textOf(ref, 'name') ?? '',
      namespace: textOf(ref, 'namespace') ?? '',
    })),
    routesFrom: textOf(mapOf(allowed?.get('namespaces', true)), 'from') ?? 'Same',
    routeKinds: itemsOf(allowed, 'kinds').flatMap((kind) => textOf(kind, 'kind') ?? []),
    line: lineOf(item, lines),
    endLine: endLineOf(item, lines),
  };
}

/** The least that a listener needs; its port is the first free one of those that people expect. */
export function newListener(listeners: readonly ListenerView[]): { name: string; port: number; protocol: string } {
  const taken = new Set(listeners.map(({ port }) => port));
  const port = [80, 8080, 8081, 8082].find((candidate) => !taken.has(candidate)) ?? 8000 + listeners.length;
  let name = 'http';
  for (let number = 2; listeners.some((listener) => listener.name === name); number += 1) name = `http-${number}`;
  return { name, port, protocol: 'HTTP' };
}

/** What TLS must say for a protocol: without it the listener would be refused, and beside TCP or HTTP with it. */
export function tlsFor(protocol: string, { tlsMode, certificates }: ListenerView): Value | undefined {
  if (protocol === 'TLS') {
    return tlsMode === 'Terminate' && certificates.length > 0
      ? keptTls('Terminate', certificates)
      : { mode: 'Passthrough' };
  }
  return protocol === 'HTTPS' ? keptTls('Terminate', certificates) : undefined;
}

function keptTls(mode: 'Terminate', certificates: readonly CertificateRefView[]): Value {
  const refs = certificates.length === 0 ? [{ name: '', namespace: '' }] : certificates;
  return {
    mode,
    certificateRefs: refs.map(({ name, namespace }) => ({ name, ...(namespace !== '' && { namespace }) })),
  };
}

/** Kinds of routes that a listener of the protocol can take. */
export function routeKindsOf({ protocol, tlsMode }: Pick<ListenerView, 'protocol' | 'tlsMode'>): readonly string[] {
  if (protocol === 'HTTP' || protocol === 'HTTPS') return ['HTTPRoute', 'GRPCRoute'];
  if (protocol === 'TLS') return tlsMode === 'Terminate' ? ['TCPRoute', 'TLSRoute'] : ['TLSRoute'];
  return protocol === 'TCP' ? ['TCPRoute'] : [];
}

/** `HTTPS on 443, shop.example, ends TLS` */
export function listenerInWords(listener: ListenerView): string {
  const { protocol, port, hostname, tlsMode } = listener;
  const tls = { Terminate: 'ends TLS', Passthrough: 'passes TLS on' };
  return [
    `${protocol || 'no protocol'} on ${port ?? 'no port'}`,
    hostname === '' ? (protocol === 'TCP' ? '' : 'every host') : hostname,
    tlsMode === undefined ? '' : tls[tlsMode],
  ]
    .filter(Boolean)
    .join(', ');
}
