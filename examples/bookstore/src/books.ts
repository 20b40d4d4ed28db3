// The stock of the bookstore.
export interface Book {
  readonly isbn: string;
  readonly title: string;
  readonly author: string;
  readonly priceCents: number;
}

export const BOOKS: readonly Book[] = [
  { isbn: '9780141439518', title: 'Pride and Prejudice', author: 'Jane Austen', priceCents: 899 },
  { isbn: '9780142437247', title: 'Moby-Dick', author: 'Herman Melville', priceCents: 1299 },
  { isbn: '9780140449136', title: 'Crime and Punishment', author: 'Fyodor Dostoevsky', priceCents: 1199 },
  { isbn: '9780143105428', title: 'The Lusiads', author: 'Luís de Camões', priceCents: 1050 },
  { isbn: '9780141182803', title: 'The Book of Disquiet', author: 'Fernando Pessoa', priceCents: 1350 },
  { isbn: '9780140268867', title: 'The Odyssey', author: 'Homer', priceCents: 1099 },
];
