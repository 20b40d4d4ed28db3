import { describe, expect, it } from 'vitest';
import { type EdgeLabels, isMutual } from './report.ts';

const end = { namespace: 'bookstore', service: 'frontend', version: 'v1', workload: 'frontend-v1' };

function labels(workload: string, mtls: boolean): EdgeLabels {
  return {
    reporter: 'source',
    source: { ...end, service: 'shopper', workload: 'shopper-v1' },
    destination: { ...end, workload, port: 80 },
    peerPrincipal: '',
    protocol: 'http',
    route: '',
    mtls,
  };
}

describe('isMutual', () => {
  it('leaves out calls that reached nobody', () => {
    expect(isMutual([labels('', false), labels('frontend-v1', true)])).toBe(true);
  });

  it('is false as soon as one call went in plain text', () => {
    expect(isMutual([labels('frontend-v1', true), labels('frontend-v2', false)])).toBe(false);
  });

  it('says what is known where nobody was ever reached', () => {
    expect(isMutual([labels('', false)])).toBe(false);
  });
});
