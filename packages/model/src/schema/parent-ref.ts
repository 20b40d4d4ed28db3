// What a route attaches to: a Service, or a Gateway and its listener.
import { z } from 'zod';
import { dnsLabel, dnsSubdomain, portNumber } from './scalars.ts';

export const parentRef = z.strictObject({
  group: z.string().max(253).optional(),
  kind: z.string().min(1).max(63).optional(),
  namespace: dnsLabel.optional(),
  name: dnsSubdomain,
  sectionName: dnsSubdomain.optional(),
  port: portNumber.optional(),
});
export type ParentRef = z.infer<typeof parentRef>;
