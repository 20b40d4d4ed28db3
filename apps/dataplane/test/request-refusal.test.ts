// Requests that break HTTP/1.1: refused whole or in single bytes, with nothing of them forwarded.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRAMING, REFUSED_REQUESTS } from './ambiguity/request-corpus.ts';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

let upstream: RawUpstream;
let silent: RawUpstream;
let proxy: TestProxy;
let patient: TestProxy;

beforeAll(async () => {
  upstream = await rawUpstream((socket) => socket.write(OK));
  silent = await rawUpstream(() => undefined);
  proxy = await startProxy(simpleConfig(upstream.port));
  patient = await startProxy(simpleConfig(silent.port));
});

afterAll(() => {
  for (const { dataPlane } of [proxy, patient]) dataPlane.close();
  for (const { close } of [upstream, silent]) close();
});

describe('a request that breaks HTTP is refused, closes its connection and reaches no upstream', () => {
  it.each(REFUSED_REQUESTS)('%s', async (_what, bytes, status) => {
    const before = upstream.received();
    const { text, closed } = await exchangeBytes(proxy.outboundPort, bytes, { quietMs: 10_000 });
    expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(text).toContain('connection: close\r\n');
    expect(closed).toBe(true);
    expect(upstream.received()).toBe(before);
  });

  it.each(REFUSED_REQUESTS.filter(([, bytes]) => bytes.length < 2000))(
    'in single bytes: %s',
    async (_what, bytes, status) => {
      // Where the head is acceptable it is forwarded before the body shows its fault; the message is never completed.
      const { text, closed } = await exchangeBytes(patient.outboundPort, [...bytes], { quietMs: 10_000, gapMs: 0 });
      expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
      expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(closed).toBe(true);
    },
    // A timer for each byte.
    60_000,
  );

  it('closes without an answer what is no HTTP at all', async () => {
    const { text, closed } = await exchangeBytes(proxy.outboundPort, 'INVALID CONNECTION PREFACE\r\n\r\n');
    expect(text).toBe('');
    expect(closed).toBe(true);
  });

  it('counts each of them, by its reason and in the sum', async () => {
    const counting = await startProxy(simpleConfig(upstream.port));
    for (const [, bytes] of REFUSED_REQUESTS) await exchangeBytes(counting.outboundPort, bytes, { quietMs: 10_000 });
    const { telemetry } = counting;
    counting.dataPlane.close();
    const statuses = (...of: readonly number[]) =>
      REFUSED_REQUESTS.filter(([, , status]) => of.includes(status)).length;
    expect(telemetry.count('head-rejected')).toBe(REFUSED_REQUESTS.length);
    expect(telemetry.count('rejected-framing') + telemetry.count('rejected-malformed')).toBe(statuses(400));
    expect(telemetry.count('rejected-framing')).toBeGreaterThan(FRAMING.length / 2);
    expect(telemetry.count('rejected-version')).toBe(statuses(505));
    expect(telemetry.count('rejected-transfer-coding')).toBe(statuses(501));
    expect(telemetry.count('rejected-head-too-large')).toBe(statuses(431));
    expect(telemetry.count('rejected-target-too-long')).toBe(statuses(414));
  }, 30_000);
});
