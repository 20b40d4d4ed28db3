// What the control plane has stored of the certificates that listeners name: whether they are there, and good for the host.
import type { FindingCode } from '@malha/model';
import type { StoredCertificate } from '../world.ts';

export interface StoredCertificates {
  /** `name` is `<namespace>/<name>`. */
  findingOf(
    name: string,
    hostname: string | undefined,
  ): { readonly code: FindingCode; readonly message: string } | undefined;
}

/** Undefined where nothing is known of certificates: gateways may have them all. */
export function storedCertificates(
  certificates: readonly StoredCertificate[] | undefined,
): StoredCertificates | undefined {
  if (certificates === undefined) return undefined;
  const byName = new Map(certificates.map((each) => [`${each.namespace}/${each.name}`, each]));
  return {
    findingOf(name, hostname) {
      const stored = byName.get(name);
      if (stored === undefined) {
        const message = `No certificate ${name} is stored: only a gateway with ${name} in its --certificates-dir shows one.`;
        return { code: 'MALHA1071', message };
      }
      if (hostname === undefined || stored.hosts.some((host) => isGoodFor(host, hostname))) return undefined;
      const message = `${name} is good for ${stored.hosts.join(', ')}, and not for ${hostname}: clients refuse it.`;
      return { code: 'MALHA1072', message };
    },
  };
}

/** A wildcard stands for exactly one label (RFC 6125, 6.4.3), and for a listener's own wildcard as it is written. */
function isGoodFor(certified: string, hostname: string): boolean {
  if (certified === hostname) return true;
  if (!certified.startsWith('*.')) return hostname.startsWith('*.') && certified.endsWith(hostname.slice(1));
  const dot = hostname.indexOf('.');
  return dot > 0 && hostname.slice(dot) === certified.slice(1);
}
