import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { GatheredWrites } from './gathered-writes.ts';

const FULL_RECORD = 16 * 1024;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function socketPair(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const near = connect({ port: address.port, host: '127.0.0.1' });
  const [far] = (await once(server, 'connection')) as [Socket];
  if (near.connecting) await once(near, 'connect');
  cleanups.push(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

const turnEnded = () => new Promise((resolve) => setImmediate(resolve));

async function readAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts);
}

describe('gathered writes', () => {
  it('full records of a turn leave in one write when it ends', async () => {
    const { near } = await socketPair();
    const writes = new GatheredWrites(near);
    for (let count = 0; count < 3; count++) writes.add(Buffer.alloc(FULL_RECORD, count));
    expect(near.bytesWritten).toBe(0);
    expect(writes.heldBytes).toBe(3 * FULL_RECORD);
    await turnEnded();
    expect(near.bytesWritten).toBe(3 * FULL_RECORD);
  });

  it('what ends a message leaves at once, with what came before it', async () => {
    const { near } = await socketPair();
    const writes = new GatheredWrites(near);
    writes.add(Buffer.alloc(FULL_RECORD));
    writes.add(Buffer.from('the end'));
    expect(near.bytesWritten).toBe(FULL_RECORD + 7);
  });

  it('bytes come whole and in order, though their chunks are overwritten and the reader is slow', async () => {
    const { near, far } = await socketPair();
    const writes = new GatheredWrites(near);
    const sent: Buffer[] = [];
    const lent = Buffer.alloc(300 * 1024);
    for (let turn = 0; turn < 20; turn++) {
      for (const length of [FULL_RECORD, 300 * 1024, FULL_RECORD - 1, FULL_RECORD]) {
        const chunk = lent.subarray(0, length).fill(sent.length + 1);
        sent.push(Buffer.from(chunk));
        writes.add(chunk);
        chunk.fill(0);
      }
      await turnEnded();
    }
    writes.flush();
    near.end();
    const received = await readAll(far);
    expect(received.equals(Buffer.concat(sent))).toBe(true);
  });

  it('a socket that is gone is written to no more', async () => {
    const { near } = await socketPair();
    const writes = new GatheredWrites(near);
    const errors: Error[] = [];
    near.on('error', (error) => errors.push(error));
    writes.add(Buffer.alloc(FULL_RECORD));
    near.destroy();
    await turnEnded();
    expect(errors).toEqual([]);
    expect(near.bytesWritten).toBe(0);
  });
});
