import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as turnEnded } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';

const KIB = 1024;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function socketPair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const near = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
  const [[far]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(near, 'connect')]);
  cleanups.push(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

describe('a writer of one turn', () => {
  it('hands everything over in order when the turn ends, and nothing before', async () => {
    const { near, far } = await socketPair();
    const writer = new ByteWriter(near, () => undefined);
    writer.writeText('head ');
    writer.writeBytes(Buffer.from('body '));
    await Promise.resolve();
    expect(near.bytesWritten).toBe(0);
    writer.writeText('tail');
    await turnEnded();
    expect(near.bytesWritten).toBe(14);
    near.end();
    expect(await readAll(far)).toBe('head body tail');
  });

  it('keeps the order of small and large pieces over many turns', async () => {
    const { near, far } = await socketPair();
    const writer = new ByteWriter(near, () => undefined);
    const received = readAll(far);
    let sent = '';
    for (let round = 0; round < 40; round++) {
      const piece = String.fromCharCode(97 + (round % 26)).repeat(((round % 7) + 1) ** 6);
      sent += `${round}:${piece}`;
      writer.writeText(`${round}:`);
      writer.writeBytes(Buffer.from(piece));
      if (round % 3 === 0) await turnEnded();
    }
    await turnEnded();
    near.end();
    expect((await received) === sent).toBe(true);
  });

  it('discarded, hands nothing over', async () => {
    const { near, far } = await socketPair();
    const writer = new ByteWriter(near, () => undefined);
    writer.writeText('never');
    writer.discard();
    await turnEnded();
    near.end();
    expect(await readAll(far)).toBe('');
  });

  it.each([
    ['a reader that takes all at once', 512 * KIB],
    ['a reader that is slower', 16 * 1024 * KIB],
  ])('that was full tells when it takes more, with %s', async (_, size) => {
    const { near, far } = await socketPair();
    const drained = new Promise<void>((resolve) => {
      const writer = new ByteWriter(near, resolve);
      writer.writeBytes(Buffer.alloc(size));
      expect(writer.takesMore()).toBe(false);
    });
    far.resume();
    await drained;
    expect(near.writableLength).toBeLessThan(256 * KIB);
  });
});
