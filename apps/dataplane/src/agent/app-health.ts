// Whether the application takes connections: a TCP connect to each of its ports, once a second.
import net from 'node:net';
import type { HostPort } from '@malha/cli/option-types';

const INTERVAL_MS = 1_000;
/** While it has never answered, sooner: a start should be seen at once. */
const STARTING_INTERVAL_MS = 100;
const TIMEOUT_MS = 800;

export interface AppHealth {
  isHealthy(): boolean;
  close(): void;
}

export function watchAppHealth(addresses: readonly HostPort[], onChange: (isHealthy: boolean) => void): AppHealth {
  let isHealthy = false;
  let wasHealthy = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const now = (await Promise.all(addresses.map(takesConnections))).every(Boolean);
    if (isClosed) return;
    wasHealthy ||= now;
    if (now !== isHealthy) {
      isHealthy = now;
      onChange(now);
    }
    timer = setTimeout(look, wasHealthy ? INTERVAL_MS : STARTING_INTERVAL_MS);
    timer.unref();
  };
  void look();
  return {
    isHealthy: () => isHealthy,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function takesConnections({ host, port }: HostPort): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
