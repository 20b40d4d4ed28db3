// The behaviour matrix on stock Envoy, configured by our control plane.
import { createTestCa } from '@malha/testing/test-ca';
import { describe, test } from 'vitest';
import { findEnvoy } from '../../scripts/setup/envoy.ts';
import { placesFor } from './src/addresses.ts';
import { startEnvoys } from './src/envoy.ts';
import { runMatrix } from './src/suite.ts';
import { withBackends } from './src/with-backends.ts';

const envoy = findEnvoy();
const ca = createTestCa();

if (envoy === undefined) {
  console.log('no Envoy found (MALHA_ENVOY, or npm run setup:envoy): the matrix does not run on Envoy');
  describe('behaviour matrix on envoy', () => void test.skip('needs Envoy', () => undefined));
} else {
  runMatrix(
    'envoy',
    () => withBackends((backends) => startEnvoys(envoy, ca, backends, placesFor('envoy', backends))),
    60_000,
  );
}
