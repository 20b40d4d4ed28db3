// Takes connections of bytes to the backends of their routes, whoever accepted them, and tells telemetry of each.
import type { Socket } from 'node:net';
import { INVALID_BACKEND } from '@malha/traffic/config';
import type { Fault } from '@malha/traffic/fault/fault-injector';
import type { FaultRule } from '@malha/traffic/fault/rule';
import { RequestFlags } from '@malha/traffic/flags';
import type { TcpDecision } from '@malha/traffic/tcp-router';
import type { ClusterRegistry } from '../cluster/cluster-registry.ts';
import type { ClusterRuntime } from '../cluster/cluster-runtime.ts';
import type { Faults } from '../filters/fault/faults.ts';
import type { Destination } from '../filters/request-recorder.ts';
import type { Listener } from '../listener/listener.ts';
import { ClientHelloReader } from '../tcp/client-hello-reader.ts';
import type { Opening } from '../tcp/first-speaker.ts';
import { PipeThrottle } from '../tcp/pipe-throttle.ts';
import { abort } from '../tcp/reset.ts';
import { TcpConnection, type TcpEnvironment, type TcpOwner } from '../tcp/tcp-connection.ts';
import type { TcpRecorder } from '../tcp/tcp-recorder.ts';
import type { Destinations } from './destinations.ts';

export interface TcpForwarderOptions {
  readonly clusters: ClusterRegistry;
  readonly destinations: Destinations;
  readonly recorder: TcpRecorder;
  readonly environment: TcpEnvironment;
  readonly faults: Faults;
  readonly random: () => number;
}

/** Where a connection came in. */
export interface TcpPlace {
  readonly listener: Listener;
  /** What was called, for connections that reach no endpoint. */
  readonly called: Destination;
  /** Of the service that is called. */
  readonly faults?: readonly FaultRule[] | undefined;
}

interface Notes {
  readonly route: string;
}

interface Opened {
  readonly socket: Socket;
  readonly opening: Opening;
}

const NO_POLICIES = { authorizationPolicy: '', shadowPolicy: '' };

export class TcpForwarder implements TcpOwner<Notes> {
  private readonly options: TcpForwarderOptions;

  constructor(options: TcpForwarderOptions) {
    this.options = options;
  }

  get environment(): TcpEnvironment {
    return this.options.environment;
  }

  get random(): () => number {
    return this.options.random;
  }

  /** `decided` hears the server name of the ClientHello, whose bytes are still to be read; what is none is closed. */
  readServerName(socket: Socket, place: TcpPlace, decided: (serverName: string) => void): void {
    const { environment } = this.options;
    new ClientHelloReader(socket, environment, {
      helloRead: decided,
      helloRefused: () => {
        environment.count('client-hello-refused');
        abort(socket);
        this.refuse(place, '', RequestFlags.DPE);
      },
    });
  }

  /** `decision`: undefined when no route is for the connection. */
  connect(socket: Socket, place: TcpPlace, decision: TcpDecision | undefined, opening: Opening = {}): void {
    if (place.faults === undefined) {
      this.forward({ socket, opening }, place, decision, undefined);
      return;
    }
    // Nobody would watch over it while a fault delays the connection.
    opening.upstream?.socket.destroy();
    const { saidAll } = opening;
    this.options.faults.injectConnection(socket, place.faults, {
      goOn: (fault) => this.forward({ socket, opening: { saidAll } }, place, decision, fault),
      reset: () => {
        abort(socket);
        this.refuse(place, decision?.route.name ?? '', RequestFlags.FI);
      },
    });
  }

  /** Where it goes; undefined when that is nowhere. */
  clusterOf(decision: TcpDecision | undefined): ClusterRuntime | undefined {
    const backend = decision?.backend;
    const isValid = backend !== undefined && backend.cluster !== INVALID_BACKEND;
    return isValid ? this.options.clusters.get(backend.cluster) : undefined;
  }

  private forward(
    { socket, opening }: Opened,
    place: TcpPlace,
    decision: TcpDecision | undefined,
    fault: Fault | undefined,
  ): void {
    const route = decision?.route;
    const cluster = this.clusterOf(decision);
    if (route === undefined || cluster === undefined) {
      abort(socket);
      opening.upstream?.socket.destroy();
      this.refuse(place, route?.name ?? '', refusalOf(decision));
      return;
    }
    const connection = this.connectionTo(cluster, socket, route.name, fault);
    place.listener.add(connection);
    socket.once('close', () => place.listener.remove(connection));
    connection.start(opening);
  }

  private connectionTo(cluster: ClusterRuntime, socket: Socket, route: string, fault: Fault | undefined) {
    const { environment, faults } = this.options;
    const throttle =
      fault?.bandwidth === undefined ? undefined : new PipeThrottle(fault.bandwidth, faults.paceOf(fault));
    const plan = { cluster, idleTimeoutMs: cluster.cluster.idleTimeoutMs, notes: { route }, throttle };
    const connection = new TcpConnection(socket, plan, environment, this);
    if (fault !== undefined) connection.flags = RequestFlags.FI;
    return connection;
  }

  report(connection: TcpConnection<Notes>): void {
    const { cluster, endpoint, notes } = connection;
    const destination = this.options.destinations.of(cluster.cluster, endpoint);
    this.options.recorder.tell(destination, { ...NO_POLICIES, route: notes.route }, connection);
  }

  private refuse({ called }: TcpPlace, route: string, flags: number): void {
    const startMs = this.options.environment.monotonic();
    const none = { attempts: 1, startMs, ttfbMs: -1, clientBytes: 0, upstreamBytes: 0 };
    this.options.recorder.tell(called, { ...NO_POLICIES, route }, { ...none, flags });
  }
}

/** A route without any backend is that of a listener that nothing is attached to. */
function refusalOf(decision: TcpDecision | undefined): number {
  if (decision === undefined || decision.route.clusters.length === 0) return RequestFlags.NR;
  return decision.backend === undefined ? RequestFlags.UH : RequestFlags.NC;
}
