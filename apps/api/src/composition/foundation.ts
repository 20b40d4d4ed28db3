// What every part of the control plane stands on: settings, clock, log, and where to say how to let go of something.
import type { Clock } from '@malha/traffic/clock';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { ControlPlaneMetrics } from '../metrics/control-plane-metrics.ts';
import type { Teardown } from './teardown.ts';

export interface Foundation {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: ControlPlaneMetrics;
  readonly teardown: Teardown;
}
