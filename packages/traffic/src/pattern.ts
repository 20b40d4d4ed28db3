// Patterns that rules use: linear-time regular expressions, and text with a star at one end.
import { RE2JS } from 're2js';

/** A test of a whole text in time linear in its length (RE2 syntax). Throws for a malformed pattern. */
export function compileRegex(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
  return (text) => compiled.testExact(text);
}

/** Matches any of: exact texts, `prefix*`, `*suffix`, or `*` for everything that is present. */
export class StarPatterns {
  readonly #exact = new Set<string>();
  readonly #prefixes: string[] = [];
  readonly #suffixes: string[] = [];
  readonly #any: boolean;

  constructor(patterns: readonly string[]) {
    this.#any = patterns.includes('*');
    for (const pattern of patterns) {
      if (pattern.endsWith('*')) this.#prefixes.push(pattern.slice(0, -1));
      else if (pattern.startsWith('*')) this.#suffixes.push(pattern.slice(1));
      else this.#exact.add(pattern);
    }
  }

  matches(text: string): boolean {
    if (this.#any || this.#exact.has(text)) return true;
    for (const prefix of this.#prefixes) if (text.startsWith(prefix)) return true;
    for (const suffix of this.#suffixes) if (text.endsWith(suffix)) return true;
    return false;
  }
}
