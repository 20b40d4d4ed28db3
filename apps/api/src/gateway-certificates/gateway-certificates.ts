// What operators do with the certificates of gateways: store, replace, list, delete. No private key ever leaves by here.
import { parseServerCertificate, type ServerCertificateFacts } from '@malha/identity';
import type { Resource } from '@malha/model';
import type { Audit } from '../auth/audit.ts';
import { orAway } from '../db/away.ts';
import { CertificateInUse, CertificateNotFound, checked, TooManyCertificates } from './errors.ts';
import type { CertificateStore, GatewayCertificate } from './store.ts';
import { listenersByCertificate } from './uses.ts';

export const CERTIFICATES_MAX = 2_000;

export interface CertificateName {
  readonly namespace: string;
  readonly name: string;
}

export interface CertificateOrder extends CertificateName {
  /** PEM, leaf first. */
  readonly chain: string;
  /** PEM; PKCS#8, SEC 1 or PKCS#1, not encrypted. */
  readonly key: string;
}

export interface CertificateView extends CertificateName, ServerCertificateFacts {
  readonly updatedAtMs: number;
  readonly updatedBy: string;
  /** `<namespace>/<gateway> listener <name>` */
  readonly usedBy: readonly string[];
}

export interface GatewayCertificatesDeps {
  readonly store: CertificateStore;
  readonly resources: () => readonly Resource[];
  readonly audit: Audit;
  readonly now: () => number;
}

export class GatewayCertificates {
  readonly #deps: GatewayCertificatesDeps;

  constructor(deps: GatewayCertificatesDeps) {
    this.#deps = deps;
  }

  list(): CertificateView[] {
    return viewsOf(this.#deps.store.list(), this.#deps.resources());
  }

  /** Throws CertificateRefused with the reason. Proxies that show the name take the new one without losing connections. */
  async put({ namespace, name, chain, key }: CertificateOrder, actor: string): Promise<ServerCertificateFacts> {
    const { store, audit, now } = this.#deps;
    const parsed = checked(() => parseServerCertificate(chain, key, now()));
    const target = `${namespace}/${name}`;
    const known = store.list();
    const isNew = store.materialOf(target) === undefined;
    if (isNew && known.length >= CERTIFICATES_MAX) throw new TooManyCertificates(CERTIFICATES_MAX);
    const { subject, serial, fingerprint, notAfterMs } = parsed.facts;
    const detail = { subject, serial, fingerprint, notAfter: new Date(notAfterMs).toISOString() };
    await orAway(async () => {
      await store.put({ namespace, name }, parsed, actor);
      await audit({ actor, action: 'gatewayCertificates.put', target, detail });
    });
    return parsed.facts;
  }

  /** `force`: also when listeners show it. */
  async remove({ namespace, name }: CertificateName, { force }: { readonly force: boolean }, actor: string) {
    const { store, audit, resources } = this.#deps;
    const target = `${namespace}/${name}`;
    const usedBy = listenersByCertificate(resources()).get(target) ?? [];
    if (usedBy.length > 0 && !force && store.materialOf(target) !== undefined)
      throw new CertificateInUse(target, usedBy);
    await orAway(async () => {
      if (!(await store.remove({ namespace, name }))) throw new CertificateNotFound(target);
      await audit({ actor, action: 'gatewayCertificates.remove', target });
    });
  }
}

export function viewsOf(
  certificates: readonly GatewayCertificate[],
  resources: readonly Resource[],
): CertificateView[] {
  const uses = listenersByCertificate(resources);
  return certificates.map(({ namespace, name, facts, updatedAtMs, updatedBy }) => ({
    ...{ namespace, name, ...facts, updatedAtMs, updatedBy },
    usedBy: uses.get(`${namespace}/${name}`) ?? [],
  }));
}
