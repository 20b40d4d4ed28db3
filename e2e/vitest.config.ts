// The behaviour matrix: in process, but for the Envoys that it starts. One file at a time: each has proxies of its own.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'matrix',
    include: ['matrix/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
