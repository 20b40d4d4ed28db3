// Opens an HTTP server's port and says which it got; a taken port is an error with its number in it.
import { once } from 'node:events';
import type { Server } from 'node:http';

export interface OpenPort {
  /** In use. */
  readonly port: number;
  /** At once, also connections in use. */
  close(): void;
}

export async function listen(server: Server, host: string, port: number): Promise<OpenPort> {
  server.listen({ host, port });
  await once(server, 'listening');
  // `once` took the only error listener away; accepting may fail later (no file descriptors), and goes on by itself.
  server.on('error', () => undefined);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
