#!/usr/bin/env -S node --max-semi-space-size=4
// The `malha` program. Works in a fresh clone: bundles its sources when they are newer than the bundle, then runs it.
// `proxy`, `join`, `gateway`, `envoy` and `ratelimit` run the data plane in this very process, so that a sidecar is one process.
import { freshBundle } from './fresh-bundle.mjs';

const DATA_PLANE = new Set(['proxy', 'join', 'gateway', 'envoy', 'ratelimit']);

const entry = DATA_PLANE.has(process.argv[2] ?? '') ? 'dataplane' : 'cli';
await import(freshBundle(entry));
