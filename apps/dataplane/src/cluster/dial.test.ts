// Mutual TLS between a dial and an acceptor: who is resumed, who is not, and that both are checked alike.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createTestCa, type TestIdentity } from '@malha/testing/test-ca';
import type { SpiffeId, UpstreamTls } from '@malha/traffic/config';
import { afterEach, describe, expect, it } from 'vitest';
import type { PeerFacts } from '../exchange/exchange.ts';
import type { ProxyError } from '../exchange/proxy-error.ts';
import { TimerWheel } from '../exchange/timer-wheel.ts';
import { TlsAcceptor } from '../listener/tls-acceptor.ts';
import { createRecorder } from '../telemetry/recorder.ts';
import { testClock, workload } from '../telemetry/testing.ts';
import { Dial } from './dial.ts';
import { WorkloadTls } from './identity.ts';

const HOUR_MS = 3_600_000;
const ca = createTestCa();
const idOf = (account: string) => ca.issue('shop', account).spiffeId as SpiffeId;
const APP = idOf('db');

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function startPeer(identity: TestIdentity = ca.issue('shop', 'db')) {
  const peers: PeerFacts[] = [];
  const acceptor = new TlsAcceptor({
    telemetry: createRecorder({ clock: testClock(0), startTimeMs: 0, workload }),
    handshakeTimeoutMs: 10_000,
    now: Date.now,
    secured: (socket, peer) => {
      peers.push(peer);
      socket.on('error', () => undefined);
      socket.end('hello');
    },
  });
  acceptor.setIdentity(new WorkloadTls(identity));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    acceptor.accept(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { acceptor, peers, port };
}

/** The peer that calls, with a clock of its own. */
function caller(clock = { nowMs: Date.now() }) {
  let identity = new WorkloadTls(ca.issue('shop', 'web'));
  const wheel = new TimerWheel(() => performance.now());
  const call = (port: number, tls: Partial<UpstreamTls> = {}) =>
    new Promise<TLSSocket>((resolve, reject: (error: ProxyError) => void) => {
      const target = {
        endpoint: { workload: 'db-1', address: '127.0.0.1', port, tls: true, version: '', weight: 1, healthy: true },
        tls: { serverName: '5432.db.shop.mesh', spiffeIds: [APP], ...tls },
        connectTimeoutMs: 60_000,
        version: undefined,
      };
      const environment = {
        wheel,
        monotonic: () => performance.now(),
        now: () => clock.nowMs,
        identity: () => identity,
      };
      new Dial(target, environment, { connected: (socket) => resolve(socket as TLSSocket), failed: reject }).start();
    });
  /** True: its session was resumed. */
  const talk = async (port: number, tls: Partial<UpstreamTls> = {}): Promise<boolean> => {
    const socket = await call(port, tls);
    const isResumed = socket.isSessionReused();
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
    return isResumed;
  };
  const renew = () => {
    identity = new WorkloadTls(ca.issue('shop', 'web'));
  };
  return { clock, call, talk, renew };
}

describe('mutual TLS with a peer that is known', () => {
  it('resumes the session, and each side still knows the other', async () => {
    const { port, peers } = await startPeer();
    const { talk } = caller();
    expect([await talk(port), await talk(port), await talk(port)]).toEqual([false, true, true]);
    expect(peers.map(({ spiffeId, serverName }) => ({ spiffeId, serverName }))).toEqual(
      Array(3).fill({ spiffeId: idOf('web'), serverName: '5432.db.shop.mesh' }),
    );
    expect(new Set(peers.map(({ certificateSha256 }) => certificateSha256)).size).toBe(1);
  });

  it('begins anew for another server name', async () => {
    const { port, peers } = await startPeer();
    const { talk } = caller();
    await talk(port);
    expect(await talk(port, { serverName: '6379.cache.shop.mesh' })).toBe(false);
    expect(peers.map(({ serverName }) => serverName)).toEqual(['5432.db.shop.mesh', '6379.cache.shop.mesh']);
  });

  it('begins anew with a peer that has renewed its certificate', async () => {
    const { port, acceptor } = await startPeer();
    const { talk } = caller();
    await talk(port);
    acceptor.setIdentity(new WorkloadTls(ca.issue('shop', 'db')));
    expect([await talk(port), await talk(port)]).toEqual([false, true]);
  });

  it('begins anew with a certificate of our own that was renewed', async () => {
    const { port, peers } = await startPeer();
    const { talk, renew } = caller();
    await talk(port);
    renew();
    expect([await talk(port), await talk(port)]).toEqual([false, true]);
    expect(new Set(peers.map(({ certificateSha256 }) => certificateSha256)).size).toBe(2);
  });

  it('is refused by a session whose certificate has expired since', async () => {
    const nowMs = Date.now();
    const { port } = await startPeer(ca.issue('shop', 'db', { nowMs, lifetimeMs: HOUR_MS }));
    const { talk, call, clock } = caller();
    await talk(port);
    clock.nowMs = nowMs + 2 * HOUR_MS;
    await expect(call(port)).rejects.toMatchObject({
      failure: 'peerIdentity',
      message: expect.stringContaining('expired'),
    });
  });

  it('is refused by a session of somebody who is not called any more', async () => {
    const { port } = await startPeer();
    const { talk, call } = caller();
    await talk(port);
    const spiffeIds = [idOf('db2')];
    await expect(call(port, { spiffeIds })).rejects.toMatchObject({
      failure: 'peerIdentity',
      message: expect.stringContaining(`${APP}, not`),
    });
  });

  it('remembers no session of a peer that was refused', async () => {
    const { port } = await startPeer();
    const { talk, call } = caller();
    await expect(call(port, { spiffeIds: [idOf('other')] })).rejects.toBeDefined();
    expect(await talk(port)).toBe(false);
  });
});
