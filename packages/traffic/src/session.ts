// Session persistence: a token in a cookie or header names the endpoint that a session began with, without telling who it is.
import { cookieOf } from './cohort.ts';
import type { HeaderValue, SessionConfig } from './config.ts';
import { hash32 } from './hash.ts';
import type { RequestView } from './request-view.ts';

const SECOND_SEED = 0x5bd1_e995;

/** 16 hex digits: the same for a workload in every proxy, and nothing that a client could dial. */
export function sessionToken(workload: string): string {
  return hex(hash32(workload)) + hex(hash32(workload, SECOND_SEED));
}

/** What the client sends back; undefined for a session that has not begun. */
export function tokenOf({ type, name }: SessionConfig, request: RequestView): string | undefined {
  return type === 'header' ? request.header(name) : cookieOf(request.header('cookie'), name);
}

/** The response header that begins a session, or moves it. */
export function sessionHeader({ type, name, maxAgeSeconds }: SessionConfig, token: string): HeaderValue {
  if (type === 'header') return { name, value: token };
  const age = maxAgeSeconds > 0 ? `; Max-Age=${maxAgeSeconds}` : '';
  return { name: 'set-cookie', value: `${name}=${token}; Path=/${age}; HttpOnly; SameSite=Lax` };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
