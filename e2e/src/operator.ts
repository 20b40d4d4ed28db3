// An administrator of a test mesh as the console makes one: signed in by password, asking over tRPC with a session cookie.
import fs from 'node:fs';
import path from 'node:path';
import type { StartedMesh } from '@malha/testing/started-mesh';
import { encode } from 'next-auth/jwt';

const DEADLINE_MS = 10_000;

export interface Operator {
  /** Calls a procedure that reads. */
  query<T>(procedure: string, input: unknown): Promise<T>;
}

export async function signIn(mesh: StartedMesh): Promise<Operator> {
  const secrets = JSON.parse(fs.readFileSync(path.join(mesh.stateDir, 'secrets.json'), 'utf8')) as {
    nextAuthSecret: string;
    internalSecret: string;
  };
  const api = `http://127.0.0.1:${mesh.port('MALHA_API_PORT')}`;
  const user = await json<{ id: string; email: string; sessionVersion: number }>(`${api}/internal/verify-password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-malha-internal': secrets.internalSecret },
    body: JSON.stringify({ email: mesh.email, password: mesh.password }),
  });
  const token = { sub: user.id, email: user.email, sessionVersion: user.sessionVersion };
  const cookie = `next-auth.session-token=${await encode({ token, secret: secrets.nextAuthSecret })}`;
  return {
    query: async <T>(procedure: string, input: unknown) => {
      const url = `${api}/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
      const answer = await json<{ result: { data: { json: T } } }>(url, { headers: { cookie } });
      return answer.result.data.json;
    },
  };
}

async function json<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
