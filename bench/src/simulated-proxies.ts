// Many proxies without their data planes: each joins, holds a session and a configuration stream, and reports what it
// serves, over its own mutual TLS connection, with the very code of the agent.

import type { StartedMesh } from '@malha/testing/started-mesh';
import type { ControlLinkDeps } from '../../apps/dataplane/src/agent/control-link.ts';
import { ControlLink } from '../../apps/dataplane/src/agent/control-link.ts';
import { openConfigStream } from '../../apps/dataplane/src/agent/rpc/config-subscription.ts';
import { join } from '../../apps/dataplane/src/agent/rpc/join.ts';
import { ServedConfig } from '../../apps/dataplane/src/agent/served-config.ts';
import { createLog } from '../../apps/dataplane/src/log.ts';
import type { WorkerPort } from '../../apps/dataplane/src/worker/worker-port.ts';

const NAMESPACE = 'bookstore';
const SERVICE = 'shopper';
const READY_WITHIN_MS = 60_000;
const SERVED_WITHIN_MS = 20_000;
const JOINS_AT_ONCE = 5;

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const log = createLog({ level: 'silent', now: clock.now, write: () => undefined });

export interface SimulatedProxies {
  /** Makes a change that touches all of them; milliseconds until each one serves it. */
  untilAllServe(change: () => Promise<void>): Promise<number[]>;
  close(): Promise<void>;
}

export async function simulateProxies(mesh: StartedMesh, count: number): Promise<SimulatedProxies> {
  const proxies: SimulatedProxy[] = [];
  for (let from = 0; from < count; from += JOINS_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(JOINS_AT_ONCE, count - from) }, (_, index) => from + index);
    proxies.push(...(await Promise.all(numbers.map((number) => SimulatedProxy.join(mesh, number)))));
  }
  await within(READY_WITHIN_MS, 'first configuration', Promise.all(proxies.map((proxy) => proxy.nextServed())));
  return {
    untilAllServe: async (change) => {
      const from = performance.now();
      const served = proxies.map((proxy) => proxy.nextServed().then(() => performance.now() - from));
      await change();
      return within(SERVED_WITHIN_MS, 'change on every proxy', Promise.all(served));
    },
    close: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}

class SimulatedProxy {
  #link: ControlLink | undefined;
  #served = '';
  #wake: (() => void)[] = [];

  static async join(mesh: StartedMesh, number: number): Promise<SimulatedProxy> {
    const { pin } = await mesh.admin<{ pin: string }>('GET', '/ca-pin');
    const request = { namespace: NAMESPACE, service: SERVICE, ttlSeconds: 600 };
    const { token } = await mesh.admin<{ token: string }>('POST', '/join-tokens', request);
    const ports = [{ port: 9080, appAddress: '127.0.0.1:9' }];
    const wish = { service: `${NAMESPACE}/${SERVICE}`, version: 'v1', ports, hostname: 'bench', model: 'sidecar' };
    const workloadName = `simulated-${number}`;
    const server = { host: '127.0.0.1', port: mesh.port('MALHA_JOIN_PORT') };
    const joined = await join(server, pin, token, { ...wish, workloadName, labels: {} }, clock);
    const proxy = new SimulatedProxy();
    proxy.#connect(joined, ports);
    return proxy;
  }

  #connect(
    { membership, credentials }: Awaited<ReturnType<typeof join>>,
    ports: { port: number; appAddress: string }[],
  ) {
    const served = new ServedConfig({
      worker: { applyConfig: () => Promise.resolve() } as unknown as WorkerPort,
      save: () => undefined,
      log,
      onServed: (hash, refusals) => {
        this.#link?.served(hash, refusals);
        if (hash === this.#served) return;
        this.#served = hash;
        for (const wake of this.#wake.splice(0)) wake();
      },
    });
    const instanceId = `${membership.name}-${process.pid}`;
    const nodeId = `${membership.namespace}/${membership.name}~${instanceId}`;
    const deps: ControlLinkDeps = {
      address: () => membership.controlPlane,
      recover: () => Promise.resolve(false),
      secrets: () => credentials.secrets,
      hello: () => ({
        workload: `${membership.namespace}/${membership.name}`,
        instanceId,
        startTimeMs: clock.now(),
        model: 'sidecar',
        softwareVersion: 'bench',
        service: membership.service,
        version: membership.version,
        ports,
        labels: {},
        address: membership.address,
        inboundPort: membership.inboundPort,
        appHealthy: true,
      }),
      heartbeat: () =>
        Promise.resolve({
          servedHash: this.#served,
          rssBytes: 0,
          cpuSeconds: 0,
          openConnections: 0,
          draining: false,
          appHealthy: true,
          breakers: [],
          overloads: [],
          ejected: [],
        }),
      events: { onDumpRequest: () => undefined, onDrain: () => undefined, onTrustChanged: () => undefined },
      openConfigStream: (client) => openConfigStream(client, { served, nodeId, clock, random: Math.random }),
      clock,
      random: Math.random,
      log,
    };
    this.#link = new ControlLink(deps);
    this.#link.start();
  }

  /** Resolves when another configuration than now is served. */
  nextServed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  async close(): Promise<void> {
    this.#link?.goodbye();
    await this.#link?.close();
  }
}

function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
