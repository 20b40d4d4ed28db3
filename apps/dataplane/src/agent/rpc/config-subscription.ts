// What the agent asks of the control plane's configuration stream: all listeners and clusters, and what they refer to.
import type { Client } from '@grpc/grpc-js';
import type { Clock } from '@malha/traffic/clock';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE } from '@malha/xds';
import { DeltaClient, type DeltaUpdate } from '@malha/xds/delta-client';
import type { Refusal } from '../../xds/config-store.ts';
import type { ConfigStream } from '../control-link.ts';
import type { ServedConfig } from '../served-config.ts';

export interface SubscriptionDeps {
  readonly served: ServedConfig;
  /** `<namespace>/<workload>~<instance>` */
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: () => number;
}

/** One stream on one channel; what is held from before is named, so that only differences come. */
export function openConfigStream(client: Client, deps: SubscriptionDeps): ConfigStream {
  const { served } = deps;
  let over: (reason: Error) => void = () => {};
  const ended = new Promise<Error>((resolve) => {
    over = resolve;
  });
  const delta = new DeltaClient({
    client: () => client,
    node: { id: deps.nodeId },
    clock: deps.clock,
    random: deps.random,
    onUpdate: (update) => take(update),
    onState: (state) => {
      if (state.state !== 'disconnected') return;
      // One stream for each channel: whoever keeps the channel decides when to try again.
      delta.close();
      over(new Error(`configuration stream: ${state.reason}`));
    },
  });
  const asked = new Map<string, Set<string>>([
    [ROUTE_TYPE, new Set()],
    [ENDPOINT_TYPE, new Set()],
    [SECRET_TYPE, new Set()],
  ]);

  function take({ typeUrl, upserts, removed }: DeltaUpdate): readonly Refusal[] {
    const refusals = served.take(
      upserts,
      removed.map((name) => ({ typeUrl, name })),
    );
    follow();
    void served.serve();
    return refusals;
  }

  /** Asks for what is newly referred to, and lets go of what is not any more. */
  function follow(): void {
    const { routeTables, endpoints, secrets } = served.store.references();
    followType(SECRET_TYPE, secrets);
    followType(ROUTE_TYPE, routeTables);
    followType(ENDPOINT_TYPE, endpoints);
  }

  function followType(typeUrl: string, wanted: readonly string[]): void {
    const held = asked.get(typeUrl) ?? new Set();
    const names = new Set(wanted);
    const gone = [...held].filter((name) => !names.has(name));
    const fresh = wanted.filter((name) => !held.has(name));
    asked.set(typeUrl, names);
    if (fresh.length > 0) delta.subscribe(typeUrl, fresh);
    if (gone.length === 0) return;
    delta.unsubscribe(typeUrl, gone);
    served.store.release(typeUrl, gone);
  }

  delta.seed(served.store.resources());
  delta.subscribe(LISTENER_TYPE, ['*']);
  delta.subscribe(CLUSTER_TYPE, ['*']);
  follow();
  delta.start();
  return { ended, close: () => delta.close() };
}
