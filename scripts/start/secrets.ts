// Secrets of this checkout, made once and kept in the state directory with mode 0600.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';

export interface LocalSecrets {
  /** Signs the console's session cookies; the api checks them with it. */
  readonly nextAuthSecret: string;
  /** Lets the console ask the api to check a password. */
  readonly internalSecret: string;
}

export function localSecrets(file: string): LocalSecrets {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as LocalSecrets;
  } catch {
    const secrets = { nextAuthSecret: secret(), internalSecret: secret() };
    fs.writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
    return secrets;
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
