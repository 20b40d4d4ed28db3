// The shop's front: one page is made of answers of catalog, reviews and accounts; a purchase goes to payments.
import { type Handler, notFound, type ServiceContext, Unavailable } from '../service.ts';

export function frontend({ mesh }: ServiceContext): Handler {
  return async ({ method, path, headers, body }) => {
    if (method === 'GET' && path === '/') {
      const [books, account] = await Promise.all([
        mesh.call('catalog', '/books', { headers }),
        mesh.call('accounts', `/customers/${headers['x-user'] ?? 'guest'}`, { headers }),
      ]);
      if (books.status !== 200) throw new Unavailable('catalog', books.status);
      return { body: { books: books.body, customer: account.status === 200 ? account.body : null } };
    }
    const isbn = /^\/books\/(\d+)$/.exec(path)?.[1];
    if (method === 'GET' && isbn !== undefined) {
      const [book, reviews] = await Promise.all([
        mesh.call('catalog', `/books/${isbn}`, { headers }),
        mesh.call('reviews', `/reviews/${isbn}`, { headers }),
      ]);
      if (book.status === 404) return notFound(path);
      if (book.status !== 200) throw new Unavailable('catalog', book.status);
      return { body: { book: book.body, reviews: reviews.status === 200 ? reviews.body : null } };
    }
    if (method === 'POST' && path === '/orders') {
      const paid = await mesh.call('ledger.payments', '/charges', { method: 'POST', headers, body });
      if (paid.status !== 201) throw new Unavailable('ledger', paid.status);
      return { status: 201, body: { order: paid.body } };
    }
    return notFound(path);
  };
}
