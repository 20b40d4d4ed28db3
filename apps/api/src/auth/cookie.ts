// The session cookie that next-auth sets in the console, as the api reads it.
import type { IncomingHttpHeaders } from 'node:http';
import { decode } from 'next-auth/jwt';
import { z } from 'zod';
import type { SessionClaim } from './sessions.ts';

/** Over https the name has the prefix. */
const NAMES = ['__Secure-next-auth.session-token', 'next-auth.session-token'];
/** next-auth cuts a long token into `name.0`, `name.1`, …; ours never need more. */
const CHUNKS_MAX = 8;

const claims = z.object({ sub: z.uuid(), sessionVersion: z.int().positive(), exp: z.int().positive() });

/** Undefined for no cookie, a forged one and an expired one alike. */
export async function readSessionCookie(
  headers: IncomingHttpHeaders,
  secret: string,
): Promise<SessionClaim | undefined> {
  const token = sessionToken(parseCookies(headers.cookie ?? ''));
  if (token === undefined) return undefined;
  try {
    const { sub, sessionVersion, exp } = claims.parse(await decode({ token, secret }));
    return { userId: sub, sessionVersion, expiresAtMs: exp * 1_000 };
  } catch {
    return undefined;
  }
}

function sessionToken(cookies: ReadonlyMap<string, string>): string | undefined {
  for (const name of NAMES) {
    const whole = cookies.get(name);
    if (whole !== undefined) return whole;
    let joined = '';
    for (let part = 0; part < CHUNKS_MAX; part++) joined += cookies.get(`${name}.${part}`) ?? '';
    if (joined !== '') return joined;
  }
  return undefined;
}

/** RFC 6265 section 5.4: `name=value; name=value`. The first of two equal names wins. */
export function parseCookies(header: string): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at > 0 && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}
