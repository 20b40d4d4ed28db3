import fs from 'node:fs';
import { createTestCa } from '@malha/testing/test-ca';
import { test } from 'vitest';
import { findEnvoy } from '../../scripts/setup/envoy.ts';
import { SECTIONS } from './cases/index.ts';
import { placesFor } from './src/addresses.ts';
import { startEnvoys } from './src/envoy.ts';
import { withBackends } from './src/with-backends.ts';

test('dump', async () => {
  const ca = createTestCa();
  const player = await withBackends((b) =>
    startEnvoys(findEnvoy()!, ca, b, ((globalThis as any).places = placesFor('envoy', b))),
  );
  try {
    let n = 0;
    for (const s of SECTIONS) {
      const c = s.cases.find((x) => x.leftOut?.envoy === undefined);
      if (c === undefined) continue;
      await player.prepare(c);
      for (const m of ['shop/front', 'shop/vault', 'other/visitor'] as const) {
        const a = (globalThis as any).places.addressOf(m);
        const t0 = performance.now();
        const text = await (await fetch(`http://${a}:15000/config_dump?include_eds`)).text();
        if (n < 3) console.log(m, text.length, performance.now() - t0);
        fs.writeFileSync(`/tmp/envoy-dump-${s.name.replace(/\W/g, '_')}-${m.replace('/', '_')}.json`, text);
      }
      n++;
    }
  } finally {
    await player.close();
  }
}, 200000);
