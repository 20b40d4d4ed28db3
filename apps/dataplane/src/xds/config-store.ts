// The configuration of one proxy, put together from xDS resources as they come. What did not change keeps its identity,
// so that the proxy sees by `===` what did.
import type {
  Cluster,
  ClusterEndpoints,
  GatewayListener,
  InboundListener,
  MeshConfig,
  OutboundListener,
  RouteTable,
  TcpListener,
} from '@malha/traffic';
import { certificatesOf, isHttpListener } from '@malha/traffic/gateway';
import {
  CLUSTER_TYPE,
  configHash,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  ROUTE_TYPE,
  SECRET_TYPE,
  shortType,
  type VersionedName,
} from '@malha/xds';
import { gatewayListenerName, INBOUND_LISTENER, OUTBOUND_LISTENER, tcpListenerName } from '@malha/xds/extension-names';
import type { GatewayCertificate } from '../gateway/certificates.ts';
import { decodeCluster } from './resource-types/cluster.ts';
import { decodeEndpoints } from './resource-types/endpoints.ts';
import { type DecodedListener, decodeListener } from './resource-types/listener.ts';
import { decodeRouteTable } from './resource-types/route.ts';
import { decodeSecret } from './resource-types/secret.ts';
import { ResourceError } from './resource-types/strict.ts';

/** One resource as it came; also the form in which it is saved on disk. */
export interface RawResource extends VersionedName {
  readonly value: Uint8Array;
}

export interface RemovedResource {
  readonly typeUrl: string;
  readonly name: string;
}

export interface Refusal {
  readonly typeUrl: string;
  readonly name: string;
  /** Names the type, the resource and the field. */
  readonly message: string;
}

/** Names that listeners and clusters refer to. */
export interface References {
  readonly routeTables: readonly string[];
  readonly endpoints: readonly string[];
  readonly secrets: readonly string[];
}

interface Held<T> {
  readonly raw: RawResource;
  readonly value: T;
}

type Decoded = DecodedListener | RouteTable | Cluster | ClusterEndpoints | GatewayCertificate;

/** One object, so that nothing seems to change where there is nothing. */
export const NO_CERTIFICATES: readonly GatewayCertificate[] = [];

/** The decoded resource and the name that it says it has; `former` is what is held by the name that it came with. */
type Decode = (bytes: Uint8Array, former: Decoded | undefined) => { readonly name: string; readonly value: Decoded };

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  [LISTENER_TYPE, named(decodeListener, listenerName)],
  [ROUTE_TYPE, named(decodeRouteTable, ({ name }) => name)],
  [CLUSTER_TYPE, named(decodeCluster, ({ name }) => name)],
  [ENDPOINT_TYPE, named(decodeEndpoints, ({ cluster }) => cluster)],
  [SECRET_TYPE, named(decodeSecret, ({ name }) => name)],
]);

function named<T extends Decoded>(
  decode: (bytes: Uint8Array, former: T | undefined) => T,
  nameOf: (value: T) => string,
): Decode {
  return (bytes, former) => {
    // What is held by a type's name came out of the same decoder.
    const value = decode(bytes, former as T | undefined);
    return { name: nameOf(value), value };
  };
}

export class ConfigStore {
  readonly #listeners = new Map<string, Held<DecodedListener>>();
  readonly #routeTables = new Map<string, Held<RouteTable>>();
  readonly #clusters = new Map<string, Held<Cluster>>();
  readonly #endpoints = new Map<string, Held<ClusterEndpoints>>();
  readonly #secrets = new Map<string, Held<GatewayCertificate>>();
  #certificates = NO_CERTIFICATES;
  /** Names asked for that do not exist: nothing is awaited for them. */
  readonly #absent = new Set<string>();
  #current: MeshConfig | undefined;
  #changed = false;

  /** Takes what is good; of what is refused, the last good version stays. */
  apply(upserts: readonly RawResource[], removed: readonly RemovedResource[]): { readonly nacks: readonly Refusal[] } {
    const nacks: Refusal[] = [];
    for (const raw of upserts) {
      const message = this.#upsert(raw);
      if (message === undefined) continue;
      nacks.push({
        typeUrl: raw.typeUrl,
        name: raw.name,
        message: `${shortType(raw.typeUrl)} ${raw.name}: ${message}`,
      });
    }
    for (const { typeUrl, name } of removed) {
      // Who waited for it goes on without it.
      if (!this.#absent.has(absentKey(typeUrl, name))) this.#changed = true;
      this.#absent.add(absentKey(typeUrl, name));
      if (this.#heldOf(typeUrl)?.delete(name)) this.#changed = true;
    }
    return { nacks };
  }

  #upsert(raw: RawResource): string | undefined {
    const held = this.#heldOf(raw.typeUrl);
    const decode = DECODERS.get(raw.typeUrl);
    if (held === undefined || decode === undefined) return 'this type is not supported by this proxy';
    this.#absent.delete(absentKey(raw.typeUrl, raw.name));
    const former = held.get(raw.name);
    if (former?.raw.version === raw.version) return undefined;
    try {
      const { name, value } = decode(raw.value, former?.value);
      if (name !== raw.name) return `the resource inside is named ${name}`;
      held.set(raw.name, { raw, value });
      this.#changed = true;
      return undefined;
    } catch (error) {
      if (error instanceof ResourceError) return error.message;
      throw error;
    }
  }

  #heldOf(typeUrl: string): Map<string, Held<Decoded>> | undefined {
    switch (typeUrl) {
      case LISTENER_TYPE:
        return this.#listeners as Map<string, Held<Decoded>>;
      case ROUTE_TYPE:
        return this.#routeTables as Map<string, Held<Decoded>>;
      case CLUSTER_TYPE:
        return this.#clusters as Map<string, Held<Decoded>>;
      case ENDPOINT_TYPE:
        return this.#endpoints as Map<string, Held<Decoded>>;
      case SECRET_TYPE:
        return this.#secrets as Map<string, Held<Decoded>>;
      default:
        return undefined;
    }
  }

  /**
   * The configuration to serve; undefined until both listeners and the first route table are there. A cluster counts from
   * when its endpoints are there, a listener from when its route table and certificates are; until then the former one
   * serves.
   */
  current(): MeshConfig | undefined {
    if (!this.#changed) return this.#current;
    this.#changed = false;
    const outbound = this.#warmOutbound();
    const inbound = this.#inbound();
    if (outbound === undefined || inbound === undefined) return this.#current;
    const clusters: Cluster[] = [];
    const endpoints: ClusterEndpoints[] = [];
    for (const [name, { value }] of this.#clusters) {
      const load = this.#endpoints.get(name)?.value;
      if (load === undefined && !this.#absent.has(absentKey(ENDPOINT_TYPE, name))) continue;
      clusters.push(value);
      if (load !== undefined) endpoints.push(load);
    }
    const tcp = this.#warmTcp();
    const gateways = this.#warmGateways();
    this.#current = {
      outbound,
      inbound,
      ...(tcp.length > 0 && { tcp }),
      ...(gateways.length > 0 && { gateways }),
      routeTables: this.#servedTables(outbound),
      clusters,
      endpoints,
    };
    return this.#current;
  }

  #warmOutbound(): OutboundListener | undefined {
    const held = this.#listeners.get(OUTBOUND_LISTENER)?.value;
    const wanted = held?.kind === 'outbound' ? held.listener : undefined;
    if (wanted !== undefined && this.#routeTables.has(wanted.routeTable)) return wanted;
    return this.#current?.outbound;
  }

  #inbound(): InboundListener | undefined {
    const held = this.#listeners.get(INBOUND_LISTENER)?.value;
    return held?.kind === 'inbound' ? held.listener : undefined;
  }

  /** As of the gateways: a port goes on as it was until the table of its HTTP is there. */
  #warmTcp(): readonly TcpListener[] {
    const listeners: TcpListener[] = [];
    for (const { value } of this.#listeners.values()) {
      if (value.kind !== 'tcp') continue;
      const { listener } = value;
      const isWarm = listener.httpRouteTable === undefined || this.#routeTables.has(listener.httpRouteTable);
      const served = isWarm ? listener : this.#current?.tcp?.find(({ port }) => port === listener.port);
      if (served !== undefined) listeners.push(served);
    }
    return listeners.sort((a, b) => a.port - b.port);
  }

  /** For listeners of gateways; apart from the configuration, which is shown. The same object until one changes. */
  certificates(): readonly GatewayCertificate[] {
    const held = Array.from(this.#secrets.values(), ({ value }) => value);
    const isSame =
      held.length === this.#certificates.length && held.every((each, index) => each === this.#certificates[index]);
    if (!isSame) this.#certificates = held.length === 0 ? NO_CERTIFICATES : held;
    return this.#certificates;
  }

  /** What is asked for came, or is known not to be there: it may be a file of this host. */
  #isSettled(certificate: string): boolean {
    return this.#secrets.has(certificate) || this.#absent.has(absentKey(SECRET_TYPE, certificate));
  }

  /** A port whose table or certificates are not there yet goes on as it was. */
  #warmGateways(): readonly GatewayListener[] {
    const listeners: GatewayListener[] = [];
    for (const { value } of this.#listeners.values()) {
      if (value.kind !== 'gateway') continue;
      const { listener } = value;
      const isWarm =
        (!isHttpListener(listener) || this.#routeTables.has(listener.routeTable)) &&
        certificatesOf(listener).every((name) => this.#isSettled(name));
      const served = isWarm ? listener : this.#current?.gateways?.find(({ port }) => port === listener.port);
      if (served !== undefined) listeners.push(served);
    }
    return listeners.sort((a, b) => a.port - b.port);
  }

  /** All tables there are; the one that serves stays until its listener names another, even when it was removed. */
  #servedTables({ routeTable }: OutboundListener): readonly RouteTable[] {
    const tables = Array.from(this.#routeTables.values(), ({ value }) => value);
    if (this.#routeTables.has(routeTable)) return tables;
    const former = this.#current?.routeTables.find(({ name }) => name === routeTable);
    return former === undefined ? tables : [...tables, former];
  }

  /** Names to subscribe to, as listeners and clusters refer to them. */
  references(): References {
    const routeTables = Array.from(this.#listeners.values(), ({ value }) => {
      if (value.kind === 'outbound') return [value.listener.routeTable];
      if (value.kind === 'tcp') return value.listener.httpRouteTable ?? [];
      return value.kind === 'gateway' && isHttpListener(value.listener) ? [value.listener.routeTable] : [];
    });
    const secrets = Array.from(this.#listeners.values(), ({ value }) =>
      value.kind === 'gateway' ? certificatesOf(value.listener) : [],
    );
    return {
      routeTables: routeTables.flat(),
      endpoints: [...this.#clusters.keys()],
      secrets: [...new Set(secrets.flat())],
    };
  }

  /** Certificates that listeners refer to and that did not come. */
  missingSecrets(): readonly RemovedResource[] {
    const missing = this.references().secrets.filter((name) => !this.#secrets.has(name));
    return missing.map((name) => ({ typeUrl: SECRET_TYPE, name }));
  }

  /** Drops what no listener or cluster refers to any more. */
  release(typeUrl: string, names: readonly string[]): void {
    for (const name of names) {
      this.#absent.delete(absentKey(typeUrl, name));
      if (this.#heldOf(typeUrl)?.delete(name)) this.#changed = true;
    }
  }

  /** All resources in use, for the disk and for `/config_dump`. */
  *resources(): Generator<RawResource> {
    for (const held of [this.#listeners, this.#routeTables, this.#clusters, this.#endpoints, this.#secrets]) {
      for (const { raw } of held.values()) yield raw;
    }
  }

  /** What the control plane compares with the hash it wants. */
  hash(): string {
    return configHash(this.resources());
  }
}

function listenerName(decoded: DecodedListener): string {
  switch (decoded.kind) {
    case 'outbound':
      return OUTBOUND_LISTENER;
    case 'inbound':
      return INBOUND_LISTENER;
    case 'tcp':
      return tcpListenerName(decoded.listener.port);
    case 'gateway':
      return gatewayListenerName(decoded.listener.port);
  }
}

function absentKey(typeUrl: string, name: string): string {
  return `${typeUrl}\0${name}`;
}

/** Decodes a whole configuration at once: what is not among the resources is not awaited. */
export function decodeResources(resources: readonly RawResource[]): {
  readonly config: MeshConfig | undefined;
  readonly errors: readonly Refusal[];
} {
  const store = new ConfigStore();
  const { nacks } = store.apply(resources, []);
  store.apply([], store.missingSecrets());
  return { config: store.current(), errors: nacks };
}
