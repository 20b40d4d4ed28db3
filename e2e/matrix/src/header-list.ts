// Headers as a list, for the engine side: what a header block of the data plane is to filters.
import type { MutableHeaders } from '@malha/traffic';
import type { Fields } from './outcome.ts';

export class HeaderList implements MutableHeaders {
  #fields: (readonly [name: string, value: string])[];

  constructor(fields: Fields) {
    this.#fields = fields.map(([name, value]) => [name.toLowerCase(), value]);
  }

  get entries(): Fields {
    return [...this.#fields];
  }

  get(name: string): string | undefined {
    const values = this.#fields.filter(([key]) => key === name).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(', ');
  }

  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  add(name: string, value: string): void {
    this.#fields.push([name, value]);
  }

  remove(name: string): void {
    this.#fields = this.#fields.filter(([key]) => key !== name);
  }
}

/** As `node:http2` wants them. */
export function groupedByName(headers: Fields): Record<string, string | string[]> {
  const grouped: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    grouped[key] = [...(grouped[key] ?? []), value];
  }
  return grouped;
}
