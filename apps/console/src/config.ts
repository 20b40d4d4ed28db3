// The only reader of the console's environment; read on use, because the server's settings come at run time.
function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set; the console cannot start without it`);
  return value;
}

/** Origin of the control plane's HTTP port, e.g. http://127.0.0.1:4401. */
export function apiUrl(): string {
  return process.env.API_URL ?? 'http://127.0.0.1:4401';
}

/** Signs the session cookie; shared with the control plane, which decodes it. */
export function sessionSecret(): string {
  return required('NEXTAUTH_SECRET');
}

/** Proves to the control plane that a password check comes from its console. */
export function internalSecret(): string {
  return required('MALHA_INTERNAL_SECRET');
}

export function isDevelopment(): boolean {
  return process.env.NODE_ENV !== 'production';
}
