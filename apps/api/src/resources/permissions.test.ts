import { expect, test } from 'vitest';
import type { Principal } from '../auth/principal.ts';
import { requireRevert, requireWrite } from './permissions.ts';

function principal(role: Principal['role'], namespaceRoles: Principal['namespaceRoles'] = {}): Principal {
  return { id: '1', email: 'a@malha.local', name: 'a', role, namespaceRoles };
}

const route = 'HTTPRoute/bookstore/reviews';
const policy = 'AuthorizationPolicy/bookstore/deny';

test('an editor writes traffic, and no security', () => {
  expect(() => requireWrite(principal('editor'), [route])).not.toThrow();
  expect(() => requireWrite(principal('operator'), [route, policy])).toThrow(
    expect.objectContaining({ code: 'MALHA5041' }),
  );
  expect(() => requireWrite(principal('admin'), [route, policy])).not.toThrow();
});

test('a role in one namespace reaches no other, and a Namespace is part of itself', () => {
  const bookstoreAdmin = principal('viewer', { bookstore: 'admin' });
  expect(() => requireWrite(bookstoreAdmin, [route, policy, 'Namespace//bookstore'])).not.toThrow();
  expect(() => requireWrite(bookstoreAdmin, ['HTTPRoute/payments/ledger'])).toThrow();
  expect(() => requireWrite(bookstoreAdmin, ['Namespace//payments'])).toThrow();
});

test('who takes a revision back needs the right to each of its objects', () => {
  expect(() => requireRevert(principal('editor'), [route])).not.toThrow();
  expect(() => requireRevert(principal('editor'), [route, policy])).toThrow();
  expect(() => requireRevert(principal('viewer', { bookstore: 'editor' }), [])).toThrow();
});
