// A mesh in memory for tests of the xDS server: resources, workloads, a world source, and clients on real sockets.
import * as grpc from '@grpc/grpc-js';
import type { Resource, WorkloadResource } from '@malha/model';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE } from '@malha/xds';
import { DeltaClient } from '@malha/xds/delta-client';
import { discoveryService } from '@malha/xds/services';
import type { Timers } from '@malha/xds/timers';
import { ConfigStore } from '../../dataplane/src/xds/config-store.ts';
import { toGrpcFailure } from '../src/agents/grpc-errors.ts';
import type { WorldSource, WorldState } from '../src/xds/world-source.ts';
import { createXdsServer, type XdsCaller, type XdsServer, type XdsServerDeps } from '../src/xds/xds-server.ts';

export const clock = { now: () => Date.now(), monotonic: () => performance.now() };

export const service = (namespace: string, name: string, versions: readonly string[] = []): Resource => ({
  apiVersion: 'malha.dev/v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: {
    selector: { app: name },
    ports: [{ name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' }],
    ...(versions.length > 0 && {
      versions: versions.map((version) => ({ name: version, labels: { version } })),
    }),
  },
});

export const workload = (
  namespace: string,
  name: string,
  app: string,
  options: { readonly version?: string; readonly address?: string; readonly model?: 'sidecar' | 'envoy' } = {},
): WorkloadResource => ({
  apiVersion: 'malha.dev/v1',
  kind: 'Workload',
  metadata: { namespace, name, labels: { app, version: options.version ?? 'v1' } },
  spec: {
    address: options.address ?? '127.64.0.2',
    inboundPort: 15_006,
    ports: [{ port: 8080, appAddress: '127.0.0.1:8080' }],
    serviceAccount: app,
    ...(options.model !== undefined && { model: options.model }),
  },
  status: { healthy: true },
});

/** Weights of two versions of one service. */
export const split = (namespace: string, name: string, v1: number, v2: number): Resource => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { namespace, name },
  spec: {
    parentRefs: [{ group: '', kind: 'Service', name }],
    rules: [
      {
        backendRefs: [
          { group: 'malha.dev', kind: 'ServiceVersion', name: `${name}-v1`, port: 80, weight: v1 },
          { group: 'malha.dev', kind: 'ServiceVersion', name: `${name}-v2`, port: 80, weight: v2 },
        ],
      },
    ],
  },
});

export class TestWorld implements WorldSource {
  #state: WorldState | undefined;
  readonly #listeners = new Set<() => void>();

  current(): WorldState | undefined {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(resources: readonly Resource[], workloads: readonly WorkloadResource[]): void {
    this.#state = {
      revision: (this.#state?.revision ?? 0) + 1,
      revisedAtMs: Date.now(),
      sequence: 1,
      world: { resources, workloads, trustDomain: 'mesh.local' },
    };
    for (const listener of this.#listeners) listener();
  }

  /** The registry changed: no new revision. */
  register(workloads: readonly WorkloadResource[]): void {
    if (this.#state === undefined) throw new Error('no world yet');
    const { world, sequence } = this.#state;
    this.#state = { ...this.#state, sequence: sequence + 1, world: { ...world, workloads } };
    for (const listener of this.#listeners) listener();
  }
}

export interface RunningServer {
  readonly xds: XdsServer;
  readonly port: number;
  readonly warnings: { readonly fields: object; readonly message: string }[];
  close(): void;
}

export interface RunOptions {
  readonly credentials?: grpc.ServerCredentials;
  readonly identify?: (call: { getPeer(): string }) => XdsCaller;
  readonly timers?: Timers;
  readonly port?: number;
  readonly callersOf?: XdsServerDeps['callersOf'];
}

export async function runServer(world: WorldSource, options: RunOptions = {}): Promise<RunningServer> {
  const warnings: { fields: object; message: string }[] = [];
  const note = (fields: object, message: string) => warnings.push({ fields, message });
  const xds = createXdsServer({
    source: world,
    identify:
      options.identify ??
      (() => {
        throw new Error('no certificate in this test');
      }),
    toGrpcFailure: (error) => toGrpcFailure(error, (unexpected) => note({ unexpected }, 'unexpected')),
    logger: { info: () => undefined, warn: note, error: note },
    clock,
    ...(options.timers === undefined ? {} : { timers: options.timers }),
    ...(options.callersOf === undefined ? {} : { callersOf: options.callersOf }),
  });
  const server = new grpc.Server();
  server.addService(discoveryService, options.identify === undefined ? xds.trustedImplementation : xds.implementation);
  const credentials = options.credentials ?? grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  xds.start();
  return {
    xds,
    port,
    warnings,
    close: () => {
      xds.close();
      server.forceShutdown();
    },
  };
}

export interface TestProxy {
  readonly store: ConfigStore;
  readonly delta: DeltaClient;
  /** Types of the updates in the order of their arrival. */
  readonly updates: { typeUrl: string; upserts: string[]; removed: string[] }[];
  readonly states: string[];
  close(): void;
}

/** A proxy as the agent makes it: everything of LDS and CDS, the rest by reference; reports what it serves. */
export function runProxy(
  server: { readonly port: number },
  workloadKey: string,
  options: {
    readonly onServed?: (hash: string) => void;
    readonly credentials?: grpc.ChannelCredentials;
    readonly refuse?: (name: string) => string | undefined;
    readonly instance?: string;
  } = {},
): TestProxy {
  const store = new ConfigStore();
  const updates: TestProxy['updates'] = [];
  const states: string[] = [];
  const client = new grpc.Client(`127.0.0.1:${server.port}`, options.credentials ?? grpc.credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 200,
  });
  const asked = new Map<string, ReadonlySet<string>>();
  const follow = (typeUrl: string, names: readonly string[]) => {
    const before = asked.get(typeUrl) ?? new Set();
    const wanted = new Set(names);
    asked.set(typeUrl, wanted);
    delta.subscribe(
      typeUrl,
      names.filter((name) => !before.has(name)),
    );
    const gone = [...before].filter((name) => !wanted.has(name));
    delta.unsubscribe(typeUrl, gone);
    store.release(typeUrl, gone);
  };
  const delta: DeltaClient = new DeltaClient({
    client: () => client,
    node: { id: `${workloadKey}~${options.instance ?? '1'}` },
    clock,
    random: Math.random,
    onState: (state) => states.push(state.state === 'connected' ? 'connected' : state.reason),
    onUpdate: ({ typeUrl, upserts, removed }) => {
      updates.push({ typeUrl, upserts: upserts.map(({ name }) => name), removed: [...removed] });
      const refused = upserts.flatMap(({ name }) => {
        const message = options.refuse?.(name);
        return message === undefined ? [] : [{ name, message: `${name}: ${message}` }];
      });
      const names = new Set(refused.map(({ name }) => name));
      const { nacks } = store.apply(
        upserts.filter(({ name }) => !names.has(name)),
        removed.map((name) => ({ typeUrl, name })),
      );
      const { routeTables, endpoints, secrets } = store.references();
      follow(SECRET_TYPE, secrets);
      follow(ROUTE_TYPE, routeTables);
      follow(ENDPOINT_TYPE, endpoints);
      if (store.current() !== undefined) options.onServed?.(store.hash());
      return [...refused, ...nacks];
    },
  });
  delta.subscribe(LISTENER_TYPE, ['*']);
  delta.subscribe(CLUSTER_TYPE, ['*']);
  delta.start();
  return {
    store,
    delta,
    updates,
    states,
    close: () => {
      delta.close();
      client.close();
    },
  };
}

/** Waits for a condition; fails with what it was waiting for. */
export async function until(what: string, condition: () => boolean, deadlineMs = 30_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
