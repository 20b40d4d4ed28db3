// Sign-in through next-auth: the control plane checks the password, the cookie carries who and which session version.
import type { NextAuthOptions } from 'next-auth';
import CredentialsProvider from 'next-auth/providers/credentials';
import { z } from 'zod';
import { apiUrl, internalSecret, sessionSecret } from '#config.ts';

const SESSION_SECONDS = 12 * 3600;
const CHECK_DEADLINE_MS = 10_000;

const verified = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(['viewer', 'editor', 'operator', 'admin']),
  sessionVersion: z.number().int(),
});

export type VerifiedUser = z.infer<typeof verified>;

declare module 'next-auth' {
  interface User {
    sessionVersion?: number;
    role?: string;
  }
}

declare module 'next-auth/jwt' {
  interface JWT {
    sessionVersion?: number;
    role?: string;
  }
}

/** Null for a wrong name or password; throws `unavailable` or `wait` so that the page can say which it is. */
async function verifyPassword(email: string, password: string): Promise<VerifiedUser | null> {
  let response: Response;
  try {
    response = await fetch(`${apiUrl()}/internal/verify-password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-malha-internal': internalSecret() },
      body: JSON.stringify({ email, password }),
      cache: 'no-store',
      signal: AbortSignal.timeout(CHECK_DEADLINE_MS),
    });
  } catch {
    throw new Error('unavailable');
  }
  if (response.status === 429) throw new Error('wait');
  if (response.status >= 500) throw new Error('unavailable');
  if (!response.ok) return null;
  return verified.parse(await response.json());
}

export function authOptions(): NextAuthOptions {
  return {
    secret: sessionSecret(),
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
    pages: { signIn: '/sign-in', signOut: '/sign-in', error: '/sign-in' },
    providers: [
      CredentialsProvider({
        credentials: { email: { type: 'text' }, password: { type: 'password' } },
        async authorize(credentials) {
          if (!credentials?.email || !credentials.password) return null;
          return verifyPassword(credentials.email, credentials.password);
        },
      }),
    ],
    callbacks: {
      jwt({ token, user }) {
        if (user === undefined) return token;
        return {
          ...token,
          sub: user.id,
          ...(user.sessionVersion !== undefined && { sessionVersion: user.sessionVersion }),
          ...(user.role !== undefined && { role: user.role }),
        };
      },
    },
  };
}
