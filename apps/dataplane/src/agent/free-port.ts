// A port for the application. Below the kernel's range for outgoing connections, so that none of those takes it meanwhile.
import net from 'node:net';

const FIRST = 20_000;
const LAST = 32_767;
const TRIES_MAX = 64;

export async function freePort(host: string, random: () => number, taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = FIRST + Math.floor(random() * (LAST - FIRST + 1));
    if (!taken.has(port) && (await isFree(host, port))) return port;
  }
  throw new Error(`no free port from ${FIRST} to ${LAST} on ${host}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
