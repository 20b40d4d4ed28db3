// What is stored of an experiment, and its form in JSON: strict on the way in, since a later version reads it again.
import { z } from 'zod';

const figures = z.object({
  requests: z.number(),
  failures: z.number(),
  faulted: z.number(),
  p99Ms: z.number().nullable(),
});
const phase = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  service: figures,
  callers: z.array(figures.extend({ service: z.object({ namespace: z.string(), name: z.string() }) })),
});
const result = z.object({
  phase: z.enum(['before', 'during', 'after']),
  of: z.enum(['Service', 'Callers']),
  who: z.string(),
  what: z.enum(['success', 'p99']),
  bound: z.number(),
  measured: z.number().nullable(),
  requests: z.number(),
  outcome: z.enum(['held', 'violated', 'unknown']),
});

/** No control plane counted from when to when, over the end of the fault. */
const unseen = z.object({ fromMs: z.number(), toMs: z.number() });

export const reportSchema = z.object({
  phases: z.object({ before: phase.optional(), during: phase.optional(), after: phase.optional() }),
  results: z.array(result),
  /** When the running fault was last looked after. */
  watchedAtMs: z.number().optional(),
  unseen: unseen.optional(),
});

/** Figures of each phase that was measured, and how the hypothesis did in it. */
export type ExperimentReport = z.infer<typeof reportSchema>;
export type MeasuredPhase = z.infer<typeof phase>;
export type Unseen = z.infer<typeof unseen>;

export const EMPTY_REPORT: ExperimentReport = { phases: {}, results: [] };
