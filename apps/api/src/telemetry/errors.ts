// Failures of telemetry that its callers see.
import { DomainError } from '../errors.ts';

export class TooManySubscriptions extends DomainError {
  override readonly name = 'TooManySubscriptions';
  constructor(max: number) {
    super('rate-limited', 'MALHA5074', `More than ${max} live views are open on this control plane.`);
  }
}

export class ServiceUnknown extends DomainError {
  override readonly name = 'ServiceUnknown';
  constructor(namespace: string, name: string) {
    super('not-found', 'MALHA5075', `There is no Service ${namespace}/${name}, and nothing ever called one.`);
  }
}

export class TraceUnknown extends DomainError {
  override readonly name = 'TraceUnknown';
  constructor(traceId: string) {
    super('not-found', 'MALHA5076', `No span of trace ${traceId} is stored: it was not sampled, or it is too old.`);
  }
}
