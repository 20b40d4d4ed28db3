import { parseResources } from '@malha/model';
import { describe, expect, it } from 'vitest';
import { readRoute } from './model/view.ts';
import { newRouteYaml } from './new-route.ts';

const owner = { namespace: 'bookstore', service: 'catalog', port: 80, versions: [] };

describe('newRouteYaml', () => {
  it.each([[owner], [{ ...owner, versions: ['v1', 'v2'] }], [{ ...owner, port: undefined }]])(
    'is a route that the model takes',
    (each) => {
      const { errors, resources } = parseResources(newRouteYaml(each));
      expect(errors).toEqual([]);
      expect(resources).toHaveLength(1);
    },
  );

  it('sends everything to the first of several versions', () => {
    const reading = readRoute(newRouteYaml({ ...owner, versions: ['v1', 'v2'] }));
    const backends = reading.ok ? reading.view.rules[0]?.backends : [];
    expect(backends?.map(({ name, weight }) => [name, weight])).toEqual([
      ['catalog-v1', 100],
      ['catalog-v2', 0],
    ]);
  });
});
