// The file of the country database: read when it changes. A file that cannot be used leaves the last good one in force.
import fs from 'node:fs/promises';
import { reasonOf } from '../log.ts';
import { type FoundCountries, NO_COUNTRIES } from './client-countries.ts';
import { CountryDatabase, DATABASE_BYTES_MAX } from './country-database.ts';

/** Such files change once a day; a look at the size and the time of one costs nothing. */
const POLL_MS = 2_000;

export class CountryFile {
  readonly #file: string;
  readonly #onFound: (found: FoundCountries) => void;
  #found: FoundCountries = NO_COUNTRIES;
  /** Of the content that was read last, whether it could be used or not. */
  #stamp = '';
  #poll: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string, onFound: (found: FoundCountries) => void) {
    this.#file = file;
    this.#onFound = onFound;
  }

  /** Resolves when the file has been read and handed over; follows it from then on. */
  follow(): Promise<void> {
    if (this.#poll === undefined) {
      this.#poll = setInterval(() => void this.#refresh(), POLL_MS);
      this.#poll.unref();
    }
    return this.#refresh();
  }

  close(): void {
    clearInterval(this.#poll);
  }

  /** One reading after the other. */
  #refresh(): Promise<void> {
    this.#last = this.#last.then(() => this.#read());
    return this.#last;
  }

  async #read(): Promise<void> {
    try {
      const { size, mtimeMs, ino } = await fs.stat(this.#file);
      const stamp = `${size} ${mtimeMs} ${ino}`;
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      if (size > DATABASE_BYTES_MAX) throw new Error(`it has ${size} bytes, at most ${DATABASE_BYTES_MAX} are read`);
      this.#hand({ database: new CountryDatabase(await fs.readFile(this.#file)), problem: '' });
    } catch (error) {
      if (this.#found.database !== undefined) return;
      this.#hand({ database: undefined, problem: `${this.#file} cannot be used: ${reasonOf(error)}` });
    }
  }

  #hand(found: FoundCountries): void {
    this.#found = found;
    this.#onFound(found);
  }
}
