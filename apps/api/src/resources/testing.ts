// A store on a test database, as one replica of the api has it.
import type { Finding, Resource, ResourceKey } from '@malha/model';
import { createDatabase } from '../db/client.ts';
import { NotificationFeed } from '../db/listener.ts';
import type { Analyze } from './analysis.ts';
import { ResourceRepository } from './repository.ts';
import { ResourceStore } from './store.ts';

export interface TestReplica {
  readonly store: ResourceStore;
  readonly repository: ResourceRepository;
  readonly feed: NotificationFeed;
  readonly errors: unknown[];
  stop(): Promise<void>;
}

export async function startReplica(url: string, analyze: Analyze = missingServices): Promise<TestReplica> {
  const database = createDatabase(url);
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const feed = new NotificationFeed({ url, random: () => 0.5, onError });
  await feed.start();
  const repository = new ResourceRepository(database, (key) => errors.push(new Error(`unreadable: ${key}`)));
  const store = new ResourceStore({ repository, feed, analyze, onError, now: () => Date.now(), pollEveryMs: 1_000 });
  await store.start();
  return {
    ...{ store, repository, feed, errors },
    async stop() {
      await store.stop();
      await feed.stop();
      await database.$disconnect();
    },
  };
}

/** A small stand-in for the analysis: a route whose backend does not exist is an error. */
export function missingServices(resources: readonly Resource[]): Finding[] {
  const services = new Set(resources.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name));
  return resources.flatMap((resource) => {
    if (resource.kind !== 'HTTPRoute') return [];
    const backends = resource.spec.rules?.flatMap((rule) => rule.backendRefs ?? []) ?? [];
    return backends
      .filter(({ name }) => !services.has(name))
      .map(({ name }): Finding => {
        const object: ResourceKey = `HTTPRoute/${resource.metadata.namespace ?? 'default'}/${resource.metadata.name}`;
        return { code: 'MALHA1020', severity: 'error', object, path: 'spec.rules', message: `no service ${name}` };
      });
  });
}

export function service(name: string, port = 9080, namespace = 'shop'): Resource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port }] },
  };
}

export function route(name: string, backend: string, weight = 1, namespace = 'shop'): Resource {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: backend }],
      rules: [{ backendRefs: [{ name: backend, port: 9080, weight }] }],
    },
  };
}

export async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
