import { describe, expect, it } from 'vitest';
import { type AuthorizationRequest, compileAuthorization } from './authorization.ts';
import { forUndeclaredBytes, withoutHttpRules } from './authorization-layer4.ts';
import type { AuthorizationPolicyRules, AuthorizationRule } from './config.ts';

const ANYBODY: AuthorizationRule = {
  principals: [],
  namespaces: [],
  ipBlocks: [],
  methods: [],
  paths: [],
  hosts: [],
  ports: [],
  headers: [],
};

const policy = (action: 'ALLOW' | 'DENY', ...rules: Partial<AuthorizationRule>[]): AuthorizationPolicyRules => ({
  id: 'shop/p',
  action,
  mode: 'Enforce',
  rules: rules.map((rule) => ({ ...ANYBODY, ...rule })),
});

const CONNECTION: AuthorizationRequest = {
  principal: 'spiffe://mesh.local/ns/shop/sa/front',
  namespace: 'shop',
  sourceIp: '127.0.0.1',
  method: '',
  path: '',
  host: '',
  port: 80,
  header: () => undefined,
};

describe('authorization of connections', () => {
  it.each([
    ['a DENY of a path', [policy('DENY', { paths: ['/admin*'] })], true, false],
    ['a DENY of a path, of other callers', [policy('DENY', { paths: ['/admin*'], namespaces: ['lab'] })], true, true],
    ['a DENY of callers', [policy('DENY', { namespaces: ['shop'] })], false, false],
    ['an ALLOW of a method', [policy('ALLOW', { methods: ['GET'] })], false, false],
    ['an ALLOW of callers beside one of a method', [policy('ALLOW', { methods: ['GET'] }, {})], true, true],
    ['no policy', [], true, true],
  ] as const)('%s', (_, policies, atDeclared, atUndeclared) => {
    const allowed = (rules: typeof withoutHttpRules) =>
      compileAuthorization(rules({ policies })).decide(CONNECTION).allowed;
    expect(allowed(withoutHttpRules)).toBe(atDeclared);
    expect(allowed(forUndeclaredBytes)).toBe(atUndeclared);
  });
});
