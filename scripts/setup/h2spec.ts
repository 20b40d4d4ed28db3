// Finds h2spec, the conformance suite of HTTP/2, or builds it with Go; only `npm run test:long` uses it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const FOLDER = path.join(os.homedir(), '.cache', 'malha', 'h2spec');
const PACKAGE = 'github.com/summerwind/h2spec/cmd/h2spec@latest';
const BUILD_WITHIN_MS = 240_000;

export type FoundH2spec = { readonly binary: string } | { readonly missing: string };

/** `MALHA_H2SPEC`, one on the PATH, the one built before, or one built now; otherwise why there is none. */
export function ensureH2spec(): FoundH2spec {
  if (process.env.MALHA_H2SPEC) return { binary: process.env.MALHA_H2SPEC };
  const onPath = spawnSync('sh', ['-c', 'command -v h2spec'], { encoding: 'utf8' });
  if (onPath.status === 0) return { binary: onPath.stdout.trim() };
  const binary = path.join(FOLDER, 'h2spec');
  if (fs.existsSync(binary)) return { binary };
  fs.mkdirSync(FOLDER, { recursive: true });
  const built = spawnSync('go', ['install', PACKAGE], {
    encoding: 'utf8',
    env: { ...process.env, GOBIN: FOLDER },
    timeout: BUILD_WITHIN_MS,
  });
  if (built.error !== undefined) return { missing: `no h2spec, and no Go to build it: ${built.error.message}` };
  if (built.status !== 0) return { missing: `go install ${PACKAGE} failed: ${built.stderr.trim().split('\n').at(-1)}` };
  return { binary };
}
