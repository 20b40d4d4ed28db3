import type { NextRequest } from 'next/server';
import NextAuth from 'next-auth';
import { authOptions } from '#auth/options.ts';

interface Context {
  readonly params: Promise<{ nextauth: string[] }>;
}

function handler(request: NextRequest, context: Context): Promise<Response> {
  return NextAuth(request as never, context as never, authOptions()) as unknown as Promise<Response>;
}

export { handler as GET, handler as POST };
