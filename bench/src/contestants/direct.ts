// No proxy at all: what the load generator and the upstream can do.
import type { Contestant } from './contestant.ts';

export const direct: Contestant = {
  name: 'direct',
  scenarios: ['single', 'grpc'],
  missing: () => undefined,
  start: async (scenario, { upstreamPort, grpcPort }) => ({
    proxies: [],
    port: scenario === 'grpc' ? grpcPort : upstreamPort,
    headers: {},
    configuration: '',
    features: [],
  }),
};
