// One run over all workspaces; each project keeps its own configuration.
import { defineConfig } from 'vitest/config';

/**
 * Real sockets and processes share this machine with all else that runs on it: a test that fails may try once more, and the
 * summary names it if it passes then, with what went wrong. What is pure, and fuzzing, has no second try.
 */
function twice(name: string, root: string) {
  return { root, test: { name, retry: 1 } };
}

export default defineConfig({
  test: {
    projects: [
      'packages/*',
      'apps/console',
      'examples/*',
      'bench',
      twice('@malha/api', 'apps/api'),
      twice('@malha/dataplane', 'apps/dataplane'),
      { ...twice('matrix', 'e2e'), extends: './e2e/vitest.config.ts' },
    ],
    maxWorkers: 2,
  },
});
