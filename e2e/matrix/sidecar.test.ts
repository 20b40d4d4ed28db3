// The behaviour matrix on our proxies.
import { createTestCa } from '@malha/testing/test-ca';
import { placesFor } from './src/addresses.ts';
import { startSidecars } from './src/sidecar.ts';
import { runMatrix } from './src/suite.ts';
import { withBackends } from './src/with-backends.ts';

const ca = createTestCa();

runMatrix(
  'sidecar',
  () => withBackends((backends) => startSidecars(ca, backends, placesFor('sidecar', backends))),
  120_000,
);
