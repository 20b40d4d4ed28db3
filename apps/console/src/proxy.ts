// In front of every request: forwards /trpc to the control plane, guards pages, sets the security headers.
import { type NextRequest, NextResponse } from 'next/server';
import { getToken } from 'next-auth/jwt';
import { apiUrl, isDevelopment, sessionSecret } from './config.ts';

const PUBLIC_PATHS = ['/sign-in', '/api/auth', '/healthz'];

function isUnder(pathname: string, prefix: string): boolean {
  return pathname === prefix || pathname.startsWith(`${prefix}/`);
}

function contentSecurityPolicy(nonce: string, host: string): string {
  // React and the development server evaluate code in development only.
  const evaluate = isDevelopment() ? " 'unsafe-eval'" : '';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${evaluate}`,
    // Positions and widths are set as style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function secured(response: NextResponse, policy: string): NextResponse {
  response.headers.set('content-security-policy', policy);
  response.headers.set('x-content-type-options', 'nosniff');
  response.headers.set('x-frame-options', 'DENY');
  response.headers.set('referrer-policy', 'same-origin');
  response.headers.set('permissions-policy', 'camera=(), microphone=(), geolocation=()');
  return response;
}

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { pathname, search } = request.nextUrl;
  // Read when the server runs, not when it is built: the same build serves any control plane.
  if (isUnder(pathname, '/trpc')) return NextResponse.rewrite(new URL(pathname + search, apiUrl()));

  const nonce = Buffer.from(crypto.randomUUID()).toString('base64');
  const policy = contentSecurityPolicy(nonce, request.headers.get('host') ?? request.nextUrl.host);
  const isPublic = PUBLIC_PATHS.some((path) => isUnder(pathname, path));
  if (!isPublic && (await getToken({ req: request, secret: sessionSecret() })) === null) {
    const target = new URL('/sign-in', request.url);
    if (pathname !== '/') target.searchParams.set('next', pathname + search);
    return secured(NextResponse.redirect(target), policy);
  }
  // Next reads the nonce from the request's policy and puts it on its own scripts.
  const headers = new Headers(request.headers);
  headers.set('content-security-policy', policy);
  headers.set('x-nonce', nonce);
  return secured(NextResponse.next({ request: { headers } }), policy);
}

export const config = { matcher: ['/((?!_next/static|_next/image|favicon.ico|icon.svg).*)'] };
