import { describe, expect, it } from 'vitest';
import { validateResource } from '../validate.ts';

const TLS = { certificateRefs: [{ name: 'shop-tls' }] };

function findingsOf(listeners: readonly object[]): string[] {
  const result = validateResource({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: { gatewayClassName: 'malha', listeners },
  });
  return result.ok ? [] : result.findings.map(({ path, message }) => `${path}: ${message}`);
}

describe('Gateway', () => {
  it('takes listeners that differ in one of port, protocol and hostname', () => {
    expect(
      findingsOf([
        { name: 'any', port: 80, protocol: 'HTTP' },
        { name: 'wild', port: 80, protocol: 'HTTP', hostname: '*.example.com' },
        { name: 'secure', port: 443, protocol: 'HTTPS', hostname: 'a.example.com', tls: TLS },
      ]),
    ).toEqual([]);
  });

  it.each([
    [{ name: 'a', port: 80, protocol: 'HTTP', tls: TLS }, /listeners\[0\].tls must not be specified for protocol HTTP/],
    [{ name: 'a', port: 443, protocol: 'HTTPS' }, /listeners\[0\].tls is required for protocol HTTPS/],
    [{ name: 'a', port: 443, protocol: 'HTTPS', tls: {} }, /tls.certificateRefs must name a certificate/],
    [{ name: 'a', port: 443, protocol: 'HTTPS', tls: { ...TLS, mode: 'Passthrough' } }, /mode must be Terminate/],
    [{ name: 'a', port: 9000, protocol: 'TCP', hostname: 'a.io' }, /hostname must not be specified for protocol TCP/],
    [{ name: 'a', port: 80, protocol: 'HTTP', hostname: 'a.*.io' }, /hostname must be a host name/],
    [
      { name: 'a', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Selector' } } },
      /namespaces.selector is/,
    ],
  ])('refuses the listener %j', (listener, words) => {
    expect(findingsOf([listener]).join('\n')).toMatch(words);
  });

  it('refuses two listeners of one name, or of one port, protocol and hostname', () => {
    const a = { name: 'a', port: 80, protocol: 'HTTP' };
    expect(findingsOf([a, { ...a, port: 81 }])).toHaveLength(1);
    expect(findingsOf([a, { ...a, name: 'b' }])).toHaveLength(1);
  });
});

describe('ReferenceGrant', () => {
  it.each(['gateway.networking.k8s.io/v1', 'gateway.networking.k8s.io/v1beta1'])(
    'is taken in version %s',
    (apiVersion) => {
      const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' }];
      const to = [{ group: '', kind: 'Service' }];
      const grant = {
        apiVersion,
        kind: 'ReferenceGrant',
        metadata: { name: 'g', namespace: 'other' },
        spec: { from, to },
      };
      expect(validateResource(grant)).toMatchObject({ ok: true });
    },
  );
});
