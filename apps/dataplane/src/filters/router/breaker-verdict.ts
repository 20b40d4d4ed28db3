// What one request tells the circuit breakers that let it through: once, whatever its end.
import type { Breaker } from '@malha/traffic/breaker';
import { admits } from '@malha/traffic/route-breakers';
import type { ForwardEnvironment } from './forward-plan.ts';

export class BreakerVerdict {
  private readonly breakers: readonly (Breaker | undefined)[];
  private isTold = false;

  private constructor(breakers: readonly (Breaker | undefined)[]) {
    this.breakers = breakers;
  }

  /** `rejected`: one of them is open; undefined: there is none to be told. */
  static ask(
    route: Breaker | undefined,
    cluster: Breaker | undefined,
    nowMs: number,
  ): BreakerVerdict | 'rejected' | undefined {
    if (route === undefined && cluster === undefined) return undefined;
    return admits(route, cluster, nowMs) ? new BreakerVerdict([route, cluster]) : 'rejected';
  }

  /** `ok` undefined = nothing that is the service's doing. Breakers that open by it are counted. */
  tell(ok: boolean | undefined, environment: ForwardEnvironment): void {
    if (this.isTold) return;
    this.isTold = true;
    const nowMs = environment.monotonic();
    for (const breaker of this.breakers) {
      if (ok === undefined) breaker?.abandoned();
      else if (breaker?.ended(ok, nowMs) === true) environment.count('breaker-opened');
    }
  }
}
