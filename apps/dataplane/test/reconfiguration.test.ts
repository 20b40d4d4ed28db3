import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cluster,
  endpoint,
  forwardTo,
  outboundConfig,
  route,
  simpleConfig,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { answerOk, exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const GET = 'GET / HTTP/1.1\r\nHost: app\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\n\r\nhi';
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function setUp(
  answer: (socket: Socket, text: string) => void,
  count: number,
): Promise<{ upstreams: RawUpstream[]; proxy: TestProxy }> {
  const upstreams: RawUpstream[] = [];
  for (let index = 0; index < count; index++) upstreams.push(await rawUpstream(answer));
  const proxy = await startProxy(simpleConfig(upstreams[0]?.port ?? 0));
  cleanups.push(() => proxy.dataPlane.close(), ...upstreams.map(({ close }) => close));
  return { upstreams, proxy };
}

/** One keep-alive client that sends POSTs one after another and counts what it gets. */
class Client {
  answered = 0;
  failed = 0;
  private isStopping = false;
  private readonly done: Promise<void>;

  constructor(port: number) {
    this.done = this.run(port);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.done;
  }

  private async run(port: number): Promise<void> {
    let socket: Socket | undefined;
    while (!this.isStopping) {
      socket ??= connect({ port, host: '127.0.0.1', noDelay: true });
      const text = await this.one(socket);
      if (text.startsWith('HTTP/1.1 200')) this.answered++;
      else this.failed++;
      if (text.includes('connection: close') || !text.startsWith('HTTP/1.1 200')) {
        socket.destroy();
        socket = undefined;
      }
      await pause(1);
    }
    socket?.destroy();
  }

  private one(socket: Socket): Promise<string> {
    return new Promise((resolve) => {
      const finish = (text: string) => {
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        resolve(text);
      };
      socket.once('data', (chunk: Buffer) => finish(chunk.toString('latin1')));
      socket.once('error', () => finish('reset'));
      socket.once('close', () => finish('closed'));
      socket.write(POST);
    });
  }
}

describe('a change of configuration', () => {
  it('100 times under POSTs, retries off, fails no request', async () => {
    const { upstreams, proxy } = await setUp((socket, text) => {
      if (text.endsWith('hi')) socket.write(OK);
    }, 3);
    const clients = Array.from({ length: 8 }, () => new Client(proxy.outboundPort));
    for (let change = 0; change < 100; change++) {
      const alive = upstreams.filter((_, index) => index !== change % 3);
      const names = change % 2 === 0 ? ['app', 'extra'] : ['app'];
      const weighted = names.map((name, index) => ({
        name,
        weight: (change + index) % 4 === 0 && index > 0 ? 0 : 1 + (change % 5),
      }));
      proxy.dataPlane.apply(
        outboundConfig({
          routes: [route(forwardTo(weighted))],
          clusters: names.map((name) => cluster(name)),
          endpoints: Object.fromEntries(
            names.map((name) => [name, alive.map(({ port }) => endpoint(`${name}-${port}`, port))]),
          ),
        }),
      );
      await pause(12);
    }
    await Promise.all(clients.map((client) => client.stop()));
    const answered = clients.reduce((sum, client) => sum + client.answered, 0);
    expect(clients.reduce((sum, client) => sum + client.failed, 0)).toBe(0);
    expect(answered).toBeGreaterThan(100);
    expect(proxy.telemetry.records.filter((record) => record.status !== 200)).toEqual([]);
    expect(proxy.telemetry.records).toHaveLength(answered);
  }, 20_000);

  it('of a route leaves the connections alone', async () => {
    const { upstreams, proxy } = await setUp(answerOk, 1);
    const before = simpleConfig(upstreams[0]?.port ?? 0);
    proxy.dataPlane.apply(before);
    await exchangeBytes(proxy.outboundPort, GET, { quietMs: 50 });
    for (let change = 0; change < 5; change++) {
      const action = forwardTo([{ name: 'app', weight: change + 1 }]);
      const routeTables = [
        { name: 'outbound', virtualHosts: [{ name: 'v', domains: ['*'], routes: [route(action)] }] },
      ];
      proxy.dataPlane.apply({ ...before, routeTables });
      await exchangeBytes(proxy.outboundPort, GET, { quietMs: 50 });
    }
    expect(upstreams[0]?.connections()).toBe(1);
  });

  it('that leaves an endpoint as it was keeps its connection, also with new objects', async () => {
    const { upstreams, proxy } = await setUp(answerOk, 1);
    for (let change = 0; change < 4; change++) {
      proxy.dataPlane.apply(simpleConfig(upstreams[0]?.port ?? 0));
      await exchangeBytes(proxy.outboundPort, GET, { quietMs: 50 });
    }
    expect(upstreams[0]?.connections()).toBe(1);
  });

  it('lets a request in flight end on the endpoint it began with', async () => {
    const { upstreams, proxy } = await setUp((socket, text) => {
      if (text.endsWith('\r\n\r\n')) setTimeout(() => socket.write(OK), 150);
    }, 2);
    const answer = exchangeBytes(proxy.outboundPort, GET, { quietMs: 400 });
    await pause(60);
    proxy.dataPlane.apply(simpleConfig(upstreams[1]?.port ?? 0));
    await pause(10);
    proxy.dataPlane.apply(outboundConfig({ routes: [], clusters: [], endpoints: {} }));
    expect((await answer).text).toBe(OK);
    await expect.poll(() => proxy.dataPlane.stats().clusters).toEqual([]);
  });

  it('that cannot be used changes nothing', async () => {
    const { proxy } = await setUp(answerOk, 1);
    const broken = outboundConfig({
      routes: [
        {
          name: 'broken',
          match: { path: { type: 'regex', value: '(' }, headers: [], queryParams: [] },
          action: forwardTo([{ name: 'app', weight: 1 }]),
        },
      ],
      clusters: [cluster('other')],
      endpoints: {},
    });
    expect(() => proxy.dataPlane.apply(broken)).toThrow();
    expect((await exchangeBytes(proxy.outboundPort, GET)).text).toBe(OK);
  });
});

describe('draining', () => {
  it('finishes what is in flight, tells clients to go, refuses new connections', async () => {
    const { proxy } = await setUp((socket, text) => {
      if (text.endsWith('\r\n\r\n')) setTimeout(() => socket.write(OK), 150);
    }, 1);
    const answer = exchangeBytes(proxy.outboundPort, GET, { quietMs: 600 });
    await pause(50);
    const drained = proxy.dataPlane.drain(3000);
    await pause(20);
    const late = await exchangeBytes(proxy.outboundPort, GET, { quietMs: 300 });
    expect(late).toEqual({ text: '', closed: true });
    expect((await answer).text).toContain('connection: close\r\n');
    await drained;
    expect(proxy.telemetry.open).toBe(0);
  });

  it('serves one more request on an idle connection, then closes it', async () => {
    const { proxy } = await setUp(answerOk, 1);
    const client = connect({ port: proxy.outboundPort, host: '127.0.0.1' });
    let text = '';
    client.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    client.write(GET);
    await expect.poll(() => text).toBe(OK);
    const drained = proxy.dataPlane.drain(2000);
    await pause(20);
    client.write(GET);
    await drained;
    expect(text).toContain('connection: close');
  });

  it('cuts what is left at the deadline', async () => {
    const { proxy } = await setUp(() => undefined, 1);
    const answer = exchangeBytes(proxy.outboundPort, GET, { quietMs: 2000 });
    await pause(50);
    await proxy.dataPlane.drain(200);
    expect((await answer).closed).toBe(true);
  });
});
