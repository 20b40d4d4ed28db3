// Says in plain words which port is taken and by whom, before anything starts.
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import { StartError } from './progress.ts';

export interface WantedPort {
  readonly port: number;
  readonly what: string;
  /** Environment variable that moves it. */
  readonly option: string;
}

export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  const taken: string[] = [];
  for (const { port, what, option } of wanted) {
    if (await isFree(port)) continue;
    const holder = holderOf(port);
    taken.push(
      `Port ${port} (${what}) is taken${holder === '' ? '' : ` by ${holder}`}. ` +
        `End that program, or choose another port: ${option}=${port + 10_000} npm start`,
    );
  }
  if (taken.length > 0) throw new StartError(taken.join('\n'));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function holderOf(port: number): string {
  const { stdout } = spawnSync('ss', ['-ltnpH', `sport = :${port}`], { encoding: 'utf8' });
  const match = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout ?? '');
  return match === null ? '' : `${match[1]} (process ${match[2]})`;
}
