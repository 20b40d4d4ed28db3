// The bandwidth of a fault on a connection of bytes: a pace for each of its two directions.
import type { Socket } from 'node:net';
import { Pace } from '@malha/traffic/fault/pace';
import type { FaultRule } from '@malha/traffic/fault/rule';
import { PacedBytes, type PaceEnvironment } from '../exchange/paced-bytes.ts';
import type { MakePace } from './byte-direction.ts';

/** Bytes that may wait in a socket for its reader. */
const HELD_BYTES_MAX = 64 * 1024;

export class PipeThrottle {
  private readonly bandwidth: NonNullable<FaultRule['bandwidth']>;
  private readonly environment: PaceEnvironment;

  constructor(bandwidth: NonNullable<FaultRule['bandwidth']>, environment: PaceEnvironment) {
    this.bandwidth = bandwidth;
    this.environment = environment;
  }

  readonly toUpstream: MakePace = (from, to, passed) =>
    this.paced(this.bandwidth.requestBytesPerSecond, from, to, passed);

  readonly toClient: MakePace = (from, to, passed) =>
    this.paced(this.bandwidth.responseBytesPerSecond, from, to, passed);

  private paced(
    bytesPerSecond: number | undefined,
    from: Socket,
    to: Socket,
    passed: (bytes: number) => void,
  ): PacedBytes | undefined {
    if (bytesPerSecond === undefined) return undefined;
    const { environment } = this;
    return new PacedBytes(new Pace(bytesPerSecond, environment.monotonic()), environment, {
      write: (chunk) => {
        passed(chunk.length);
        to.write(chunk);
        return to.writableLength < HELD_BYTES_MAX;
      },
      end: () => to.end(),
      drained: () => from.resume(),
    });
  }
}
