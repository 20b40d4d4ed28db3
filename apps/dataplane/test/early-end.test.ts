// A client that leaves before it has said anything: its socket goes at once, not with the idle timeout.
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';

let proxy: TestProxy | undefined;
afterEach(() => proxy?.dataPlane.close());

it.each([
  ['destroys its socket', 'destroy'],
  ['ends its side', 'end'],
] as const)('a client that %s right after it connected leaves nothing behind', async (_what, leave) => {
  proxy = await startProxy(simpleConfig(1));
  const { outboundPort } = proxy;
  const left = Array.from(
    { length: 50 },
    () =>
      new Promise<void>((resolve) => {
        const socket = connect(outboundPort, '127.0.0.1', () => socket[leave]());
        socket.resume();
        socket.on('close', () => resolve());
      }),
  );
  await Promise.all(left);
  await expect.poll(() => proxy?.dataPlane.stats().connections.outbound).toBe(0);
});
