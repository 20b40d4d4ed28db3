import { describe, expect, it } from 'vitest';
import { type AuthorizationRequest, compileAuthorization } from './authorization.ts';
import type { AuthorizationPolicyRules, AuthorizationRule } from './config.ts';
import { IpBlocks, parseAddress } from './ip-block.ts';

const ANY: AuthorizationRule = {
  principals: [],
  namespaces: [],
  ipBlocks: [],
  methods: [],
  paths: [],
  hosts: [],
  ports: [],
  headers: [],
};

function policy(
  action: AuthorizationPolicyRules['action'],
  rule: Partial<AuthorizationRule> | undefined,
  parts: Partial<AuthorizationPolicyRules> = {},
): AuthorizationPolicyRules {
  const rules = rule === undefined ? [] : [{ ...ANY, ...rule }];
  return { id: `n/${action.toLowerCase()}`, action, mode: 'Enforce', rules, ...parts };
}

function decide(policies: readonly AuthorizationPolicyRules[], parts: Partial<AuthorizationRequest> = {}) {
  const request: AuthorizationRequest = {
    principal: 'spiffe://mesh.local/ns/bookstore/sa/web',
    namespace: 'bookstore',
    sourceIp: '127.64.0.2',
    method: 'GET',
    path: '/reviews/1?full',
    host: 'reviews:9080',
    port: 9080,
    header: (name) => (name === 'x-team' ? 'shop' : undefined),
    ...parts,
  };
  return compileAuthorization({ policies }).decide(request);
}

describe('order of policies', () => {
  it('allows what no policy speaks of', () => {
    expect(decide([])).toEqual({ allowed: true, reason: 'no-policy' });
    expect(decide([policy('DENY', { methods: ['POST'] })])).toEqual({ allowed: true, reason: 'no-policy' });
  });

  it('puts DENY before ALLOW and names the policy', () => {
    expect(decide([policy('ALLOW', {}), policy('DENY', {})])).toEqual({
      allowed: false,
      reason: 'denied',
      policy: 'n/deny',
    });
  });

  it('denies the rest once there is an ALLOW', () => {
    expect(decide([policy('ALLOW', { methods: ['POST'] })])).toEqual({
      allowed: false,
      reason: 'no-allow',
      policy: 'n/allow',
    });
    expect(decide([policy('ALLOW', { methods: ['GET'] })])).toEqual({
      allowed: true,
      reason: 'allowed',
      policy: 'n/allow',
    });
    expect(decide([policy('ALLOW', undefined)])).toMatchObject({ allowed: false });
    expect(decide([policy('DENY', undefined)])).toMatchObject({ allowed: true });
  });

  it('takes any part of a repeated header for a DENY, and only the whole for an ALLOW', () => {
    const request = { header: (name: string) => (name === 'x-role' ? 'user, admin' : undefined) };
    const rule = { headers: [{ name: 'x-role', values: ['admin'] }] };
    expect(decide([policy('DENY', rule)], request)).toMatchObject({ allowed: false });
    expect(decide([policy('ALLOW', rule)], request)).toMatchObject({ allowed: false });
  });

  it('counts Shadow policies and never acts on them', () => {
    const shadow = { mode: 'Shadow', id: 'n/shadow' } as const;
    expect(decide([policy('DENY', {}, shadow)])).toEqual({
      allowed: true,
      reason: 'no-policy',
      shadowDenied: 'n/shadow',
    });
    expect(decide([policy('ALLOW', { methods: ['PUT'] }, shadow)])).toMatchObject({
      allowed: true,
      shadowDenied: 'n/shadow',
    });
    expect(decide([policy('ALLOW', {}, shadow)])).toEqual({ allowed: true, reason: 'no-policy' });
    expect(decide([policy('ALLOW', {}), policy('ALLOW', { methods: ['PUT'] }, shadow)])).not.toHaveProperty(
      'shadowDenied',
    );
  });

  it('marks what AUDIT matches', () => {
    expect(decide([policy('AUDIT', {})])).toEqual({ allowed: true, reason: 'no-policy', audited: 'n/audit' });
  });
});

describe('parts of a rule', () => {
  const allows = (rule: Partial<AuthorizationRule>, parts: Partial<AuthorizationRequest> = {}) =>
    decide([policy('ALLOW', rule)], parts).allowed;

  it.each<[string, Partial<AuthorizationRule>, boolean]>([
    ['the principal', { principals: ['spiffe://mesh.local/ns/bookstore/sa/web'] }, true],
    ['another principal', { principals: ['spiffe://mesh.local/ns/bookstore/sa/we'] }, false],
    ['a prefix of it', { principals: ['spiffe://mesh.local/ns/bookstore/*'] }, true],
    ['any principal', { principals: ['*'] }, true],
    ['the namespace', { namespaces: ['other', 'bookstore'] }, true],
    ['another namespace', { namespaces: ['book'] }, false],
    ['the block', { ipBlocks: ['127.64.0.0/16'] }, true],
    ['another block', { ipBlocks: ['10.0.0.0/8', '::/0'] }, false],
    ['the method', { methods: ['GET'] }, true],
    ['the path', { paths: ['/reviews/1'] }, true],
    ['a prefix of the path', { paths: ['/reviews*'] }, true],
    ['a suffix of the path', { paths: ['*/1'] }, true],
    ['the query as path', { paths: ['*full'] }, false],
    ['the host with port', { hosts: ['reviews:9080'] }, true],
    ['the host without', { hosts: ['REVIEWS'] }, true],
    ['another host', { hosts: ['ratings'] }, false],
    ['the port', { ports: [9080] }, true],
    ['another port', { ports: [80] }, false],
    ['the header', { headers: [{ name: 'X-Team', values: ['a', 'sh*'] }] }, true],
    ['an absent header', { headers: [{ name: 'x-none', values: ['*'] }] }, false],
    ['two parts of which one fails', { methods: ['GET'], ports: [80] }, false],
  ])('%s', (_, rule, expected) => {
    expect(allows(rule)).toBe(expected);
  });

  it('gives a caller without identity no principal and no namespace', () => {
    const plain = { principal: undefined, namespace: undefined };
    expect(allows({ principals: ['*'] }, plain)).toBe(false);
    expect(allows({ namespaces: ['bookstore'] }, plain)).toBe(false);
  });
});

describe('paths that can be read in two ways', () => {
  const tricks = [
    '/%61dmin',
    '/x/../admin',
    '//admin',
    '/./admin',
    '/admin;a=b',
    '/x%2f..%2fadmin',
    '\\admin',
    '/admin%2f',
  ];

  it.each(tricks)('cannot get past a DENY: %s', (path) => {
    expect(decide([policy('DENY', { paths: ['/admin', '/admin/'] })], { path }).allowed).toBe(false);
  });

  it('needs every reading to be allowed', () => {
    const allow = [policy('ALLOW', { paths: ['/public/*'] })];
    expect(decide(allow, { path: '/public/../admin' }).allowed).toBe(false);
    expect(decide(allow, { path: '/public/a%20b' }).allowed).toBe(true);
    expect(decide(allow, { path: '/public/%2e%2e/admin' }).allowed).toBe(false);
  });
});

describe('addresses', () => {
  it('takes IPv4-mapped addresses for IPv4', () => {
    expect(parseAddress('::ffff:10.0.0.1')).toEqual(parseAddress('10.0.0.1'));
    expect(new IpBlocks(['10.0.0.0/8']).has('::ffff:a00:1')).toBe(true);
  });

  it.each(['', '1.2.3', '1.2.3.256', '1.2.3.4.5', ':::', '1::2::3', '12345::', 'a.b.c.d', '1:2:3:4:5:6:7:8:9'])(
    'takes "%s" for no address',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('compares whole blocks', () => {
    const blocks = new IpBlocks(['192.168.4.0/22', '2001:db8::/32', '10.1.2.3']);
    expect(['192.168.7.255', '2001:db8:ffff::1', '10.1.2.3', 'fe80::1%eth0'].map((ip) => blocks.has(ip))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(['192.168.8.0', '2001:db9::', '10.1.2.4'].some((ip) => blocks.has(ip))).toBe(false);
  });

  it('refuses a malformed block instead of skipping it', () => {
    expect(() => new IpBlocks(['10.0.0.0/33'])).toThrow(RangeError);
    expect(() => new IpBlocks(['nonsense'])).toThrow(RangeError);
  });
});
