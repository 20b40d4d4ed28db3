// Scalar values that several kinds share: names, ports, labels, durations, addresses.

import { z } from 'zod';
import { DURATION_FORM, isDuration } from '../duration.ts';
import { ipVersion } from '../ip-address.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const VERSION = /^[a-z0-9]([a-z0-9.]{0,61}[a-z0-9])?$/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/;

export function isSubdomain(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => LABEL.test(label));
}

/** RFC 1123 label: names of services and namespaces. */
export const dnsLabel = z
  .string()
  .regex(LABEL, 'must be 1 to 63 of a-z, 0-9 and "-", and begin and end with a letter or digit');

/** RFC 1123 subdomain: names of everything else. */
export const dnsSubdomain = z
  .string()
  .refine(isSubdomain, 'must be labels of a-z, 0-9 and "-" joined by ".", at most 253 characters');

/** Names of versions have no "-", so that `<service>-<version>` can be taken apart. */
export const versionName = z
  .string()
  .regex(VERSION, 'must be 1 to 63 of a-z, 0-9 and ".", without "-", and begin and end with a letter or digit');

/** A host name, or `*.` and one (Gateway API Hostname). */
export const hostname = z
  .string()
  .min(1)
  .max(253)
  .refine((text) => isSubdomain(text.startsWith('*.') ? text.slice(2) : text), 'must be a host name, or "*." and one');

export const portNumber = z.int().min(1).max(65535);

/** `9080`, or the name of a port. */
export const portRef = z.union([portNumber, dnsLabel]);

/** GEP-2257, kept as text; `durationMs` gives its value. */
export const duration = z.string().refine(isDuration, `must be ${DURATION_FORM}`);

export const labels = z.record(
  z.string().regex(LABEL_KEY, 'is not a valid label key'),
  z.string().regex(LABEL_VALUE, 'must be at most 63 of letters, digits, "-", "_" and "."'),
);

export const headerName = z.string().max(256).regex(HEADER_NAME, 'is not a valid header name (RFC 9110 token)');

export const ipAddress = z.string().refine((text) => ipVersion(text) !== 0, 'must be an IPv4 or IPv6 address');

function isHostPort(text: string): boolean {
  const match = HOST_PORT.exec(text);
  if (match === null) return false;
  const port = Number(match[3]);
  return port >= 1 && port <= 65535 && (match[1] === undefined || ipVersion(match[1]) === 6);
}

/** `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`. */
export const hostPort = z.string().refine(isHostPort, 'must be "host:port"');

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = ipVersion(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** An address or a CIDR block. */
export const ipBlock = z.string().refine(isCidr, 'must be an address or a CIDR block like "10.0.0.0/8"');
