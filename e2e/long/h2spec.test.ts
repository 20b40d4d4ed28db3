// h2spec against our HTTP/2: the outbound listener in cleartext, and the same connection code behind TLS.
import { spawn } from 'node:child_process';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { createTestCa } from '@malha/testing/test-ca';
import { afterEach, describe, expect, test } from 'vitest';
import { respondWithText } from '../../apps/dataplane/src/exchange/error-response.ts';
import type { Exchange, ExchangeHandler } from '../../apps/dataplane/src/exchange/exchange.ts';
import { TimerWheel } from '../../apps/dataplane/src/exchange/timer-wheel.ts';
import { Http2ServerConnection } from '../../apps/dataplane/src/http2/server-connection.ts';
import { MESH_SETTINGS } from '../../apps/dataplane/src/http2/settings.ts';
import type { ServerContext } from '../../apps/dataplane/src/listener/server-context.ts';
import { DEFAULT_LIMITS } from '../../apps/dataplane/src/proxy-limits.ts';
import { simpleConfig, startProxy } from '../../apps/dataplane/test/mesh-fixture.ts';
import { ensureH2spec } from '../../scripts/setup/h2spec.ts';

/** All cases of h2spec: generic, RFC 9113 (as 7540) and RFC 7541. */
const CASES = 145;
const ALL_PASSED = `${CASES} tests, ${CASES} passed, 0 skipped, 0 failed`;
const CASE_TIMEOUT_SECONDS = 5;
const BODY = 'a body of some bytes\n';

const h2spec = ensureH2spec();
if ('missing' in h2spec) console.log(`h2spec is skipped: ${h2spec.missing}`);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

interface Outcome {
  readonly counts: string;
  readonly failures: string;
}

/** Runs all cases; `failures` is the report of what failed, as h2spec prints it at its end. */
function run(port: number, options: readonly string[]): Promise<Outcome> {
  const binary = 'binary' in h2spec ? h2spec.binary : '';
  const args = ['-h', '127.0.0.1', '-p', String(port), '-o', String(CASE_TIMEOUT_SECONDS), ...options];
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const counts = /\d+ tests, \d+ passed, \d+ skipped, \d+ failed/.exec(output)?.[0] ?? output.slice(-2_000);
      const failuresAt = output.indexOf('Failures:');
      resolve({ counts, failures: failuresAt === -1 ? '' : output.slice(failuresAt) });
    });
  });
}

/** Answers when the whole request is there, as an application does. */
function answerAtEnd(exchange: Exchange): void {
  const answer = () => respondWithText(exchange, 200, BODY, []);
  exchange.consumer = {
    requestData: () => undefined,
    requestEnded: answer,
    requestAborted: () => undefined,
    responseDrained: () => undefined,
  };
  if (exchange.isRequestEnded) answer();
}

/** Our HTTP/2 behind TLS 1.2 or 1.3 as the inbound listener serves it, but for the client's certificate: h2spec has none. */
async function tlsFront(): Promise<number> {
  const monotonic = () => performance.now();
  const wheel = new TimerWheel(monotonic);
  const handler: ExchangeHandler = {
    requestStarted: answerAtEnd,
    requestRefused: () => undefined,
    limitMet: () => undefined,
  };
  const context: ServerContext = {
    handler,
    wheel,
    monotonic,
    timeouts: DEFAULT_LIMITS,
    isDraining: false,
    connectionClosed: () => undefined,
  };
  const { certificateChainPem, privateKeyPem } = createTestCa().issueControlPlane();
  const server = tls.createServer({ cert: certificateChainPem, key: privateKeyPem, ALPNProtocols: ['h2'] });
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2')
      new Http2ServerConnection(socket, { remoteAddress: '', peer: undefined }, context, MESH_SETTINGS);
    else socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => wheel.stop(),
    () => server.close(),
  );
  return (server.address() as AddressInfo).port;
}

describe.skipIf('missing' in h2spec)('h2spec', () => {
  test('in cleartext, through a proxy to an application of HTTP/1.1', async () => {
    const app = http.createServer((request, response) => {
      request.resume().on('end', () => response.end(BODY));
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    const proxy = await startProxy(simpleConfig((app.address() as AddressInfo).port));
    cleanups.push(
      () => app.close(),
      () => proxy.dataPlane.close(),
    );
    const { counts, failures } = await run(proxy.outboundPort, []);
    console.log(`h2spec, cleartext: ${counts}`);
    expect({ counts, failures }).toEqual({ counts: ALL_PASSED, failures: '' });
  });

  test('over TLS', async () => {
    const { counts, failures } = await run(await tlsFront(), ['-t', '-k']);
    console.log(`h2spec, TLS: ${counts}`);
    expect({ counts, failures }).toEqual({ counts: ALL_PASSED, failures: '' });
  });
});
