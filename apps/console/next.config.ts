// Next.js build and server settings of the console.
import path from 'node:path';
import type { NextConfig } from 'next';

const root = path.join(import.meta.dirname, '../..');

const config: NextConfig = {
  output: 'standalone',
  // The workspace root, so that the standalone server carries the packages that it needs.
  outputFileTracingRoot: root,
  turbopack: { root },
  transpilePackages: ['@malha/model', '@malha/traffic'],
  poweredByHeader: false,
  images: { unoptimized: true },
  // Safe for what is live: subscriptions are on a WebSocket, and /trpc answers whole batches.
  compress: true,
  devIndicators: false,
};

export default config;
