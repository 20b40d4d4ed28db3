// The file of the country database: read when it changes. A file that cannot be read leaves the last good one in force.
import fs from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from '../log.ts';
import { type FolderWatcher, watchFolder } from '../standalone/folder-watcher.ts';
import { type FoundCountries, NO_COUNTRIES } from './client-countries.ts';
import { CountryDatabase, DATABASE_BYTES_MAX } from './country-database.ts';

export class CountryFile {
  readonly #file: string | undefined;
  readonly #onFound: (found: FoundCountries) => void;
  #found: FoundCountries = NO_COUNTRIES;
  #stamp = '';
  #watcher: FolderWatcher | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string | undefined, onFound: (found: FoundCountries) => void) {
    this.#file = file;
    this.#onFound = onFound;
  }

  /** Resolves when the file has been read and handed over; follows it from then on. */
  follow(): Promise<void> {
    if (this.#file === undefined) return Promise.resolve();
    this.#watcher ??= watchFolder(path.dirname(this.#file), () => this.#refresh(this.#file ?? ''));
    return this.#refresh(this.#file);
  }

  close(): void {
    this.#watcher?.close();
  }

  /** One reading after the other. */
  #refresh(file: string): Promise<void> {
    this.#last = this.#last.catch(() => undefined).then(() => this.#read(file));
    return this.#last;
  }

  async #read(file: string): Promise<void> {
    try {
      const { size, mtimeMs, ino } = await fs.stat(file);
      const stamp = `${size} ${mtimeMs} ${ino}`;
      if (stamp === this.#stamp) return;
      if (size > DATABASE_BYTES_MAX) throw new Error(`it has ${size} bytes, at most ${DATABASE_BYTES_MAX} are read`);
      const database = new CountryDatabase(await fs.readFile(file));
      this.#stamp = stamp;
      this.#hand({ database, problem: '' });
    } catch (error) {
      // The stamp stays: a file that is being written is read again when it changes, or at the next poll.
      if (this.#found.database === undefined)
        this.#hand({ database: undefined, problem: `${file} cannot be used: ${reasonOf(error)}` });
    }
  }

  #hand(found: FoundCountries): void {
    this.#found = found;
    this.#onFound(found);
  }
}
