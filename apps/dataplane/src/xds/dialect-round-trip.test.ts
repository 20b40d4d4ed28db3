import { meshConfigArbitrary } from '@malha/testing/mesh-config-arbitrary';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { XdsResource } from '../../../api/src/xds/dialects/dialect.ts';
import { encode } from '../../../api/src/xds/dialects/malha/index.ts';
import { ConfigStore, decodeResources, type RawResource } from './config-store.ts';

vi.setConfig({ testTimeout: 60_000 });

const raw = ({ any, ...resource }: XdsResource): RawResource => ({ ...resource, value: any });

test('what the control plane encodes, the proxy decodes to the same configuration', () => {
  fc.assert(
    fc.property(meshConfigArbitrary, (config) => {
      const { config: decoded, errors } = decodeResources(encode(config).map(raw));
      expect(errors).toEqual([]);
      expect(decoded).toEqual(config);
    }),
    { numRuns: 150 },
  );
});

test('equal configurations have equal bytes, and so equal versions', () => {
  fc.assert(
    fc.property(meshConfigArbitrary, (config) => {
      const versions = (from: XdsResource[]) => from.map(({ typeUrl, name, version }) => [typeUrl, name, version]);
      expect(versions(encode(structuredClone(config)))).toEqual(versions(encode(config)));
    }),
    { numRuns: 50 },
  );
});

test('a step from one configuration to another by its differences gives the other', () => {
  fc.assert(
    fc.property(meshConfigArbitrary, meshConfigArbitrary, (before, after) => {
      const store = new ConfigStore();
      const old = encode(before).map(raw);
      const next = encode(after).map(raw);
      const key = ({ typeUrl, name }: { typeUrl: string; name: string }) => `${typeUrl} ${name}`;
      const kept = new Set(next.map(key));
      store.apply(old, []);
      store.apply([], store.missingSecrets());
      store.current();
      const { nacks } = store.apply(
        next,
        old.filter((resource) => !kept.has(key(resource))),
      );
      expect(nacks).toEqual([]);
      store.apply([], store.missingSecrets());
      const current = store.current();
      const sorted = <T>(list: readonly T[] | undefined) => list?.map((item) => JSON.stringify(item, inOrder)).sort();
      expect(sorted(current?.clusters)).toEqual(sorted(after.clusters));
      expect(sorted(current?.endpoints)).toEqual(sorted(after.endpoints));
      expect(sorted(current?.routeTables)).toEqual(sorted(after.routeTables));
      expect(current?.inbound).toEqual(after.inbound);
      expect(current?.outbound).toEqual(after.outbound);
      expect(current?.gateways).toEqual(after.gateways);
      expect(current?.tcp).toEqual(after.tcp);
    }),
    { numRuns: 50 },
  );
});

/** In which order an object has its fields says nothing. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
