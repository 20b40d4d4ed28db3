// One run over all workspaces; each project keeps its own configuration.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'examples/*', 'e2e'],
    maxWorkers: 2,
  },
});
