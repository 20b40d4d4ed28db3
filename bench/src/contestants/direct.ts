// No proxy at all: what the load generator and the upstream can do.
import type { Contestant } from './contestant.ts';

export const direct: Contestant = {
  name: 'direct',
  missing: () => undefined,
  start: async (_scenario, { upstreamPort }) => ({
    proxies: [],
    port: upstreamPort,
    headers: {},
    configuration: '',
    features: [],
  }),
};
