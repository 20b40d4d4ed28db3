// Where a gateway has its certificates from: what the control plane sent comes before the files of its folder.
import type { GatewayListener } from '@malha/traffic/config';
import { certificatesOf } from '@malha/traffic/gateway';
import { reasonOf } from '../log.ts';
import { CertificateFolder } from './certificate-folder.ts';
import { checkCertificate, type FoundCertificates, type GatewayCertificate } from './certificates.ts';

const NOTHING: FoundCertificates = { usable: [], problems: new Map() };

export class CertificateSources {
  readonly #folder: CertificateFolder;
  readonly #onFound: (found: FoundCertificates) => void;
  #names: readonly string[] = [];
  #sent: FoundCertificates = NOTHING;
  #inFiles: FoundCertificates = NOTHING;

  constructor(folder: string | undefined, onFound: (found: FoundCertificates) => void) {
    this.#onFound = onFound;
    this.#folder = new CertificateFolder(folder, (found) => {
      this.#inFiles = found;
      this.#tell();
    });
  }

  /** Resolves when the certificates of the listeners are known and handed over. */
  follow(listeners: readonly GatewayListener[]): Promise<void> {
    this.#names = [...new Set(listeners.flatMap(certificatesOf))];
    return this.#followFolder();
  }

  /** All that the control plane has sent; the first handshake after this takes them. */
  async take(sent: readonly GatewayCertificate[]): Promise<void> {
    this.#sent = checkAll(sent);
    this.#tell();
    await this.#followFolder();
  }

  close(): void {
    this.#folder.close();
  }

  /** Only what was not sent is looked for in files. */
  #followFolder(): Promise<void> {
    const sent = this.#sentNames();
    return this.#folder.follow(this.#names.filter((name) => !sent.has(name)));
  }

  #sentNames(): ReadonlySet<string> {
    return new Set([...this.#sent.usable.map(({ name }) => name), ...this.#sent.problems.keys()]);
  }

  #tell(): void {
    const sent = this.#sentNames();
    this.#onFound({
      usable: [...this.#sent.usable, ...this.#inFiles.usable.filter(({ name }) => !sent.has(name))],
      problems: new Map([...this.#inFiles.problems, ...this.#sent.problems]),
    });
  }
}

function checkAll(sent: readonly GatewayCertificate[]): FoundCertificates {
  const usable: GatewayCertificate[] = [];
  const problems = new Map<string, string>();
  for (const certificate of sent) {
    try {
      checkCertificate(certificate);
      usable.push(certificate);
    } catch (error) {
      problems.set(certificate.name, reasonOf(error));
    }
  }
  return { usable, problems };
}
