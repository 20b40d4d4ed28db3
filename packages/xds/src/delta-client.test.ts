import { create, type MessageInitShape } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { reconnectDelayMs } from './backoff.ts';
import { DeltaClient, type DeltaUpdate } from './delta-client.ts';
import type { ReceivedError } from './delta-subscription.ts';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from './generated/envoy/service/discovery/v3/discovery_pb.ts';
import { discoveryService } from './services.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from './type-urls.ts';

vi.setConfig({ testTimeout: 60_000 });

type Call = grpc.ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

/** A control plane that says what the test tells it to. */
class Peer {
  readonly requests: DeltaDiscoveryRequest[] = [];
  calls: Call[] = [];
  #server = new grpc.Server();
  port = 0;

  async start(port = 0): Promise<void> {
    this.#server = new grpc.Server();
    this.#server.addService(discoveryService, {
      StreamAggregatedResources: (call: Call) => call.end(),
      DeltaAggregatedResources: (call: Call) => {
        this.calls.push(call);
        call.sendMetadata(new grpc.Metadata());
        call.on('data', (request: DeltaDiscoveryRequest) => this.requests.push(request));
        call.on('error', () => undefined);
      },
    });
    this.port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
  }

  stop(): void {
    this.#server.forceShutdown();
    this.calls = [];
  }

  say(init: MessageInitShape<typeof DeltaDiscoveryResponseSchema>): void {
    this.calls.at(-1)?.write(create(DeltaDiscoveryResponseSchema, init));
  }
}

const resource = (typeUrl: string, name: string, version: string) => ({
  name,
  version,
  resource: { typeUrl, value: Uint8Array.of(1) },
});

/** Timers on virtual time. */
class Timers {
  now = 0;
  #pending: { atMs: number; run: () => void }[] = [];

  after(ms: number, run: () => void): () => void {
    const entry = { atMs: this.now + ms, run };
    this.#pending.push(entry);
    return () => {
      this.#pending = this.#pending.filter((each) => each !== entry);
    };
  }

  advance(ms: number): void {
    this.now += ms;
    const due = this.#pending.filter(({ atMs }) => atMs <= this.now);
    this.#pending = this.#pending.filter(({ atMs }) => atMs > this.now);
    for (const { run } of due) run();
  }

  get delays(): number[] {
    return this.#pending.map(({ atMs }) => atMs - this.now);
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

let peer: Peer;
let timers: Timers;
let updates: DeltaUpdate[];
let refusals: (update: DeltaUpdate) => readonly ReceivedError[];
let states: string[];
let channel: grpc.Client;
let client: DeltaClient;

beforeEach(async () => {
  peer = new Peer();
  await peer.start();
  timers = new Timers();
  updates = [];
  states = [];
  refusals = () => [];
  channel = new grpc.Client(`127.0.0.1:${peer.port}`, grpc.credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 100,
  });
  client = new DeltaClient({
    client: () => channel,
    node: { id: 'shop/front-1~1' },
    clock: { now: () => timers.now, monotonic: () => timers.now },
    random: () => 0.5,
    timers,
    onState: (state) => states.push(state.state),
    onUpdate: (update) => {
      updates.push(update);
      return refusals(update);
    },
  });
});

afterEach(() => {
  client.close();
  channel.close();
  peer.stop();
});

const last = () => peer.requests.at(-1);

describe('DeltaClient', () => {
  test('says who it is once, and subscribes to all by "*"', async () => {
    client.subscribe(CLUSTER_TYPE, ['*']);
    client.start();
    await until('a request', () => peer.requests.length === 1);
    expect(last()).toMatchObject({ typeUrl: CLUSTER_TYPE, resourceNamesSubscribe: ['*'] });
    expect(last()?.node?.id).toBe('shop/front-1~1');
    client.subscribe(ENDPOINT_TYPE, ['a']);
    await until('a second', () => peer.requests.length === 2);
    expect(last()?.node).toBeUndefined();
    expect(last()?.responseNonce).toBe('');
  });

  test('answers each response once, with its nonce', async () => {
    client.subscribe(CLUSTER_TYPE, ['*']);
    client.start();
    await until('a request', () => peer.requests.length === 1);
    peer.say({ typeUrl: CLUSTER_TYPE, nonce: 'n1', resources: [resource(CLUSTER_TYPE, 'a', '1')] });
    await until('the ACK', () => peer.requests.length === 2);
    expect(last()).toMatchObject({ typeUrl: CLUSTER_TYPE, responseNonce: 'n1' });
    expect(last()?.errorDetail).toBeUndefined();
    expect(updates).toHaveLength(1);
  });

  test('refuses with the text of what is bad, and takes what is good', async () => {
    refusals = () => [{ name: 'bad', message: 'Cluster bad: type: no' }];
    client.subscribe(CLUSTER_TYPE, ['*']);
    client.start();
    await until('a request', () => peer.requests.length === 1);
    peer.say({
      typeUrl: CLUSTER_TYPE,
      nonce: 'n1',
      resources: [resource(CLUSTER_TYPE, 'good', '1'), resource(CLUSTER_TYPE, 'bad', '1')],
    });
    await until('the NACK', () => peer.requests.length === 2);
    expect(last()?.errorDetail).toMatchObject({ code: 3, message: 'Cluster bad: type: no' });
    // The version of what was refused is not held: it is not named at the next connection.
    client.reconnect();
    await until('again', () => peer.requests.length === 3);
    expect(last()?.initialResourceVersions).toEqual({ good: '1' });
  });

  test('a name twice in one response is refused and neither is taken', async () => {
    client.subscribe(CLUSTER_TYPE, ['*']);
    client.start();
    await until('a request', () => peer.requests.length === 1);
    peer.say({
      typeUrl: CLUSTER_TYPE,
      nonce: 'n',
      resources: [resource(CLUSTER_TYPE, 'a', '1'), resource(CLUSTER_TYPE, 'a', '2'), resource(CLUSTER_TYPE, 'b', '1')],
    });
    await until('the NACK', () => peer.requests.length === 2);
    expect(last()?.errorDetail?.message).toBe('a: twice in one response');
    expect(updates[0]?.upserts.map(({ name }) => name)).toEqual(['b']);
  });

  test('ignores what was never asked for, heartbeats, and refuses a resource of another type', async () => {
    client.subscribe(ENDPOINT_TYPE, ['a', 'b']);
    client.start();
    await until('a request', () => peer.requests.length === 1);
    peer.say({
      typeUrl: ENDPOINT_TYPE,
      nonce: 'n',
      resources: [
        resource(ENDPOINT_TYPE, 'stranger', '1'),
        { name: 'a', version: '1' },
        resource(CLUSTER_TYPE, 'b', '1'),
      ],
      removedResources: ['another'],
    });
    await until('the NACK', () => peer.requests.length === 2);
    expect(last()?.errorDetail?.message).toBe(`b: is a ${CLUSTER_TYPE}`);
    expect(updates).toEqual([{ typeUrl: ENDPOINT_TYPE, upserts: [], removed: [] }]);
  });

  test('a resource that does not come in time is taken as absent, and may still come', async () => {
    client.subscribe(ENDPOINT_TYPE, ['late']);
    client.start();
    // The answer to the opening has to be there: its own deadline is shorter than what is advanced here.
    await until('a connection', () => peer.requests.length === 1 && states.includes('connected'));
    timers.advance(15_000);
    expect(updates).toEqual([{ typeUrl: ENDPOINT_TYPE, upserts: [], removed: ['late'] }]);
    peer.say({ typeUrl: ENDPOINT_TYPE, nonce: 'n', resources: [resource(ENDPOINT_TYPE, 'late', '1')] });
    await until('it came', () => updates.length === 2);
    expect(updates[1]?.upserts.map(({ name }) => name)).toEqual(['late']);
  });

  test('after a reconnection says all subscriptions and what it holds, with the node', async () => {
    client.seed([{ typeUrl: CLUSTER_TYPE, name: 'saved', version: '7' }]);
    client.subscribe(CLUSTER_TYPE, ['*']);
    client.start();
    await until('a request', () => peer.requests.length === 1);
    expect(last()?.initialResourceVersions).toEqual({ saved: '7' });
    peer.say({
      typeUrl: CLUSTER_TYPE,
      nonce: 'n',
      resources: [resource(CLUSTER_TYPE, 'a', '1')],
      removedResources: ['saved'],
    });
    await until('the ACK', () => peer.requests.length === 2);
    const { port } = peer;
    peer.stop();
    await until('disconnected', () => states.includes('disconnected'));
    expect(timers.delays).toEqual([50]);
    await peer.start(port);
    const before = peer.requests.length;
    for (let round = 0; round < 200 && peer.requests.length === before; round += 1) {
      timers.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(last()).toMatchObject({ resourceNamesSubscribe: ['*'], initialResourceVersions: { a: '1' } });
    expect(last()?.node?.id).toBe('shop/front-1~1');
  });

  test('a response of a type that was never asked for is refused', async () => {
    client.subscribe(CLUSTER_TYPE, ['*']);
    client.start();
    await until('a request', () => peer.requests.length === 1);
    peer.say({ typeUrl: ENDPOINT_TYPE, nonce: 'n' });
    await until('the NACK', () => peer.requests.length === 2);
    expect(last()?.errorDetail?.message).toContain('never asked for');
    expect(updates).toEqual([]);
  });

  test('gives up a stream that the server does not open in time', async () => {
    const silent = new grpc.Server();
    silent.addService(discoveryService, {
      StreamAggregatedResources: () => undefined,
      DeltaAggregatedResources: () => undefined,
    });
    peer.stop();
    await new Promise<void>((resolve) => {
      silent.bindAsync(`127.0.0.1:${peer.port}`, grpc.ServerCredentials.createInsecure(), () => resolve());
    });
    client.subscribe(CLUSTER_TYPE, ['*']);
    client.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    timers.advance(10_000);
    await until('disconnected', () => states.includes('disconnected'));
    expect(states).not.toContain('connected');
    silent.forceShutdown();
  });
});

describe('reconnectDelayMs', () => {
  test('doubles to at most 1 s in the first minute and 30 s later, with full jitter', () => {
    const delays = (lastedMs: number) =>
      [0, 1, 2, 3, 4, 10, 1000].map((failures) => reconnectDelayMs({ failures, lastedMs }, () => 1));
    expect(delays(0)).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
    expect(delays(60_000)).toEqual([100, 200, 400, 800, 1600, 30_000, 30_000]);
    expect(reconnectDelayMs({ failures: 5, lastedMs: 0 }, () => 0)).toBe(0);
  });
});
