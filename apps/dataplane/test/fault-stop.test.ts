// A proxy stops a fault by its own counts: nobody tells it to.
import type { FaultStopRule } from '@malha/traffic/fault/rule';
import { EVERY_REQUEST } from '@malha/traffic/request-condition';
import { afterEach, expect, it } from 'vitest';
import {
  cluster,
  endpoint,
  forwardTo,
  inboundListener,
  NO_RETRY,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { answerOk, exchangeBytes, rawUpstream } from './raw-http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

const STOP = { errorPerMillion: 500_000, windowMs: 600_000, minRequests: 5, ofService: true, ofCallers: true };
const ERROR = 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n';

/** Its faults are for `/faulted`; the service, and the workload's own application, fail for `/bad`. */
async function proxyWith(stop: FaultStopRule): Promise<TestProxy> {
  const app = await rawUpstream((socket, text) => {
    if (text.slice(text.lastIndexOf('GET ')).startsWith('GET /bad')) socket.write(ERROR);
    else answerOk(socket, text);
  });
  cleanups.push(app.close);
  const condition = { ...EVERY_REQUEST, paths: ['/faulted'] };
  const faults = [{ id: 'shop/f', condition, lastsMs: 600_000, abort: { perMillion: 1_000_000, status: 418 }, stop }];
  const proxy = await startProxy(
    outboundConfig(
      {
        routes: [route(forwardTo([{ name: 'app', weight: 1 }], { faults, retry: NO_RETRY }))],
        clusters: [cluster('app')],
        endpoints: { app: [endpoint('app-1', app.port)] },
      },
      inboundListener({ appPort: app.port, mode: 'DISABLE' }),
    ),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

async function statusOf(port: number, path: string): Promise<string> {
  const bytes = `GET ${path} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n`;
  return (await exchangeBytes(port, [bytes], { quietMs: 3_000 })).text.slice(9, 12);
}

it('when too many calls that it left alone fail', async () => {
  const proxy = await proxyWith(STOP);
  for (let sent = 0; sent < 10; sent += 1) expect(await statusOf(proxy.outboundPort, '/faulted')).toBe('418');
  for (let sent = 0; sent < 4; sent += 1) expect(await statusOf(proxy.outboundPort, '/bad')).toBe('500');
  expect(await statusOf(proxy.outboundPort, '/faulted')).toBe('418');
  expect(await statusOf(proxy.outboundPort, '/bad')).toBe('500');
  expect(await statusOf(proxy.outboundPort, '/faulted')).toBe('200');
  expect(proxy.telemetry.count('fault-stopped')).toBe(1);
});

it('when the workload fails its own callers too often', async () => {
  const proxy = await proxyWith(STOP);
  for (let sent = 0; sent < 5; sent += 1) expect(await statusOf(proxy.inboundPort, '/bad')).toBe('500');
  expect(await statusOf(proxy.outboundPort, '/faulted')).toBe('200');
  expect(proxy.telemetry.count('fault-stopped')).toBe(1);
});

it('and does not look at what it is not asked to', async () => {
  const proxy = await proxyWith({ ...STOP, ofService: false, ofCallers: false });
  for (let sent = 0; sent < 6; sent += 1) {
    await statusOf(proxy.outboundPort, '/bad');
    await statusOf(proxy.inboundPort, '/bad');
  }
  expect(await statusOf(proxy.outboundPort, '/faulted')).toBe('418');
  expect(proxy.telemetry.count('fault-stopped')).toBe(0);
});
