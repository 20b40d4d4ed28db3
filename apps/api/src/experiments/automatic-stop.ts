// Whether a fault has to stop: too many failed requests of its service or of one caller, over all proxies.
import type { FaultInjectionResource } from '@malha/model';
import { faultStopOf } from '@malha/policies';
import { isStopDue } from '@malha/traffic';
import type { FaultFigures } from '../telemetry/query/fault-figures.ts';
import { servicesOf } from './fault-target.ts';
import type { MeasureDeps } from './measure.ts';
import { startOf } from './phases.ts';

const PER_PERCENT = 10_000;

/** The reason in words; undefined: it may go on. */
export async function stopReason(
  { queries, state }: MeasureDeps,
  fault: FaultInjectionResource,
  nowMs: number,
): Promise<string | undefined> {
  if (fault.spec.stop === undefined) return undefined;
  const rule = faultStopOf(fault.spec.stop);
  const services = servicesOf(fault, state());
  const fromMs = Math.max(startOf(fault), nowMs - rule.windowMs);
  const { service, callers } = await queries.faultFigures(services, { fromMs, toMs: nowMs });
  const words = (who: string, failures: number, requests: number) =>
    `Stopped: ${failures} of ${requests} requests of ${who} failed within ${rule.windowMs / 1000} s; more than ${rule.errorPerMillion / PER_PERCENT} % end the fault.`;
  const alone = untouched(service);
  if (rule.ofService && isStopDue(rule, alone.requests, alone.failures)) {
    const names = services.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
    return words(names, alone.failures, alone.requests);
  }
  const caller = rule.ofCallers && callers.find(({ requests, failures }) => isStopDue(rule, requests, failures));
  if (!caller) return undefined;
  return words(`${caller.service.namespace}/${caller.service.name}`, caller.failures, caller.requests);
}

/** What the fault did to a request says nothing of the service. */
function untouched({ requests, failures, faulted }: FaultFigures) {
  return { requests: requests - faulted, failures };
}
