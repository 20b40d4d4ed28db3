import { expect, it } from 'vitest';
import { pathOfRpc, rpcOfPath } from './rpc-path.ts';

it('makes the path that gRPC calls, and reads it back', () => {
  const path = pathOfRpc('books.Reviews', 'List');
  expect(path).toBe('/books.Reviews/List');
  expect(rpcOfPath(path)).toEqual({ service: 'books.Reviews', method: 'List' });
});

it('keeps what would end a name out of it', () => {
  expect(pathOfRpc('books/Reviews ', 'Li st')).toBe('/booksReviews/List');
});

it('is no call while a name is missing', () => {
  for (const path of ['//', '/books.Reviews/', '//List', '/a/b/c', '/']) expect(rpcOfPath(path)).toBeUndefined();
});
