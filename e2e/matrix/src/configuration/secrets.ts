// Secrets for the comparison: Envoy prints what it read from their files, and no keys.
import fs from 'node:fs';
import type { JsonObject } from '@bufbuild/protobuf';
import { isObject } from './config-dump.ts';

/** Name and certificate chain; that in a file as Envoy has it after reading. */
export function shownOf({ name, tls_certificate }: JsonObject): JsonObject {
  const chain = isObject(tls_certificate) ? tls_certificate.certificate_chain : undefined;
  if (!isObject(chain)) return { name: name ?? '' };
  const { filename } = chain;
  const shown = typeof filename === 'string' ? { inline_bytes: fs.readFileSync(filename, 'base64') } : chain;
  return { name: name ?? '', certificate_chain: shown };
}
