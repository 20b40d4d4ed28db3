// Ports for what a test starts, when it has to name the port before somebody listens on it.
import net from 'node:net';

/** Given out by this process: a port is asked for some time before somebody listens on it. */
const givenPorts = new Set<number>();
/** Below those that the kernel gives to outgoing connections: one of them could take the port before it is listened on. */
const PORT_MIN = 10_000;
const PORT_MAX = 14_999;

/** A loopback port that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1));
    if (givenPorts.has(port) || !(await canListen(port))) continue;
    givenPorts.add(port);
    return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
