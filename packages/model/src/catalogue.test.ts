import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

describe('catalogue of findings', () => {
  it.each(Object.entries(catalogue))(
    'lists %s in docs/errors.md with the same words',
    (code, { title, cause, remedy }) => {
      expect(page.split('\n')).toContain(`| ${code} | ${title} | ${cause} | ${remedy} |`);
    },
  );
});
