// What the shop sells.
import { BOOKS } from '../books.ts';
import { type Handler, notFound } from '../service.ts';

export function catalog(): Handler {
  return async ({ path }) => {
    if (path === '/books') return { body: BOOKS };
    const isbn = /^\/books\/(\d+)$/.exec(path)?.[1];
    const book = BOOKS.find((candidate) => candidate.isbn === isbn);
    return book === undefined ? notFound(path) : { body: book };
  };
}
