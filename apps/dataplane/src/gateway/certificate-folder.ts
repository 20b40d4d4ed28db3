// The certificates that gateways name, from a folder like mounted Secrets of type kubernetes.io/tls; followed when they change.
import fs from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from '../log.ts';
import { type FolderWatcher, watchFolder } from '../standalone/folder-watcher.ts';
import { checkCertificate, type FoundCertificates, type GatewayCertificate } from './certificates.ts';

/** `<namespace>/<name>` of the model's names: nothing that leads out of the folder. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export class CertificateFolder {
  readonly #folder: string | undefined;
  readonly #onFound: (found: FoundCertificates) => void;
  #names: readonly string[] = [];
  #read: string | undefined;
  #watcher: FolderWatcher | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(folder: string | undefined, onFound: (found: FoundCertificates) => void) {
    this.#folder = folder;
    this.#onFound = onFound;
  }

  /** Resolves when the certificates of these names have been read and handed over. */
  follow(names: readonly string[]): Promise<void> {
    this.#names = [...new Set(names)].sort();
    const folder = this.#folder;
    if (folder !== undefined && names.length > 0) this.#watcher ??= watchFolder(folder, () => this.#refresh());
    return this.#refresh();
  }

  close(): void {
    this.#watcher?.close();
  }

  /** One reading after the other; what is the same as before is not handed over again. */
  #refresh(): Promise<void> {
    this.#last = this.#last
      .catch(() => undefined)
      .then(async () => {
        const found = await readCertificates(this.#folder, this.#names);
        const read = JSON.stringify([found.usable, [...found.problems]]);
        if (read === this.#read) return;
        this.#read = read;
        this.#onFound(found);
      });
    return this.#last;
  }
}

async function readCertificates(folder: string | undefined, names: readonly string[]): Promise<FoundCertificates> {
  const usable: GatewayCertificate[] = [];
  const problems = new Map<string, string>();
  for (const name of names) {
    try {
      usable.push(await readCertificate(folder, name));
    } catch (error) {
      problems.set(name, reasonOf(error));
    }
  }
  return { usable, problems };
}

async function readCertificate(folder: string | undefined, name: string): Promise<GatewayCertificate> {
  if (folder === undefined) throw new Error('this proxy was started without --certificates-dir');
  if (!NAME.test(name)) throw new Error('this is no name of a Secret');
  const read = (file: string) => fs.readFile(path.join(folder, name, file), 'utf8');
  const [certificateChainPem, privateKeyPem] = await Promise.all([read('tls.crt'), read('tls.key')]);
  const certificate = { name, certificateChainPem, privateKeyPem };
  checkCertificate(certificate);
  return certificate;
}
