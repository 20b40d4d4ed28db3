// In which country a client is: a database in MaxMind's format, held in memory and asked for each request that needs it.
import { isIP } from 'node:net';
import { Reader, type Response } from 'mmdb-lib';

/** Databases of countries have some MB, those of cities up to 130 MB; what is larger is another file. */
export const DATABASE_BYTES_MAX = 256 * 1024 * 1024;
/** Decoded records: a database of countries has a few hundred. */
const RECORDS_MAX = 4_096;

const CODE = /^[A-Z]{2}$/;

/** Throws when the bytes are no such database. */
export class CountryDatabase {
  readonly #reader: Reader<Response>;

  constructor(bytes: Buffer) {
    this.#reader = new Reader<Response>(bytes, { cache: new RecordCache() });
  }

  /** ISO 3166-1 code; undefined for an address that the database does not place, or that is none. */
  countryOf(address: string): string | undefined {
    const version = isIP(address);
    if (version === 0 || (version === 6 && this.#reader.metadata.ipVersion === 4)) return undefined;
    try {
      const code = codeOf(fieldOf(this.#reader.get(address), 'country'));
      return code !== undefined && CODE.test(code) ? code : undefined;
    } catch {
      // A damaged record places nobody: it must not fail the request.
      return undefined;
    }
  }
}

/** `{country: {iso_code}}` as in MaxMind's own databases, or `{country: code}` as in some others. */
function codeOf(country: unknown): string | undefined {
  const code = typeof country === 'string' ? country : fieldOf(country, 'iso_code');
  return typeof code === 'string' ? code : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** By the place of a record; begins anew when it is full. */
class RecordCache {
  readonly #records = new Map<string | number, unknown>();

  get(place: string | number): unknown {
    return this.#records.get(place);
  }

  set(place: string | number, record: unknown): void {
    if (this.#records.size >= RECORDS_MAX) this.#records.clear();
    this.#records.set(place, record);
  }
}
