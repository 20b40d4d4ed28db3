// nghttpx with one worker, the proxy of the nghttp2 project.
import { PROXY_CORE, run, which } from '../processes.ts';
import type { Contestant } from './contestant.ts';

export const nghttpx: Contestant = {
  name: 'nghttpx',
  scenarios: ['single', 'grpc'],
  missing: () => (which('nghttpx') === undefined ? 'nghttpx is not installed (Debian: nghttp2-proxy)' : undefined),
  start: async (scenario, { freePort, upstreamPort, grpcPort }) => {
    const port = await freePort();
    const backend = scenario === 'grpc' ? `127.0.0.1,${grpcPort};;proto=h2` : `127.0.0.1,${upstreamPort}`;
    const args = [`--frontend=127.0.0.1,${port};no-tls`, `--backend=${backend}`, '--workers=1', '--conf=/dev/null'];
    const proxies = [await run({ name: 'nghttpx', command: 'nghttpx', args, core: PROXY_CORE, port })];
    const features = [scenario === 'grpc' ? 'HTTP/2 on both sides' : 'keep-alive upstream'];
    return { proxies, port, headers: {}, configuration: args.join(' '), features };
  },
};
