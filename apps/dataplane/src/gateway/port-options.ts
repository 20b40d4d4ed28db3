// What every port of a gateway is made with, whatever protocols its clients speak.
import type { TimerWheel } from '../exchange/timer-wheel.ts';
import type { ServerTimeouts } from '../listener/server-context.ts';
import type { OutboundDependencies } from '../outbound/outbound-stack.ts';
import type { TcpForwarder } from '../outbound/tcp-forwarder.ts';
import type { GatewayCertificates } from './certificates.ts';
import type { ClientCountries } from './client-countries.ts';

export interface GatewayPortOptions {
  readonly stack: OutboundDependencies;
  readonly forwarder: TcpForwarder;
  readonly certificates: GatewayCertificates;
  readonly countries: ClientCountries;
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly timeouts: ServerTimeouts;
  readonly connectionsMax: number;
}
