// Opens the ports, those of agents first: when the api answers, everything behind it is there.
import { discoveryService } from '@malha/xds/services';
import { startLocalServer } from '../agents/local-server.ts';
import { adminSocketOf } from '../config.ts';
import { startMetricsServer } from '../metrics/metrics-server.ts';
import { openAdminSocket } from '../rest/admin-socket.ts';
import { startOtlpHttpServer } from '../telemetry/otlp/http-server.ts';
import type { Foundation } from './foundation.ts';
import type { MemberPlane } from './member-plane.ts';
import type { OperatorPlane } from './operator-plane.ts';

/** In use, also where the setting was 0. */
export interface Ports {
  readonly api: number;
  readonly xds: number;
  readonly join: number;
  readonly xdsPlaintext: number;
  readonly metrics: number;
  readonly otlpGrpc: number;
  readonly otlpHttp: number;
}

export async function listenForMembers(
  { config, metrics, teardown }: Foundation,
  { agents, xds, telemetry }: MemberPlane,
): Promise<Omit<Ports, 'api'>> {
  const { listen } = config;
  xds.start();
  telemetry.start();
  const { memberPort, joinPort } = await agents.start();
  const plaintext = await startLocalServer(listen.xdsPlaintextPort, [
    { definition: discoveryService, implementation: { ...xds.trustedImplementation } },
  ]);
  teardown.add(() => plaintext.close());
  const otlpGrpc = await startLocalServer(listen.otlpGrpcPort, telemetry.applicationServices);
  teardown.add(() => otlpGrpc.close());
  const otlpHttp = await startOtlpHttpServer({ port: listen.otlpHttpPort, receive: telemetry.receiveTraces });
  teardown.add(() => otlpHttp.close());
  const scraped = await startMetricsServer({ host: listen.metricsHost, port: listen.metricsPort, metrics });
  teardown.add(() => scraped.close());
  return {
    xds: memberPort,
    join: joinPort,
    xdsPlaintext: plaintext.port,
    metrics: scraped.port,
    otlpGrpc: otlpGrpc.port,
    otlpHttp: otlpHttp.port,
  };
}

export async function listenForOperators(
  { config, teardown }: Foundation,
  { apiServer, operations, onUnexpected }: OperatorPlane,
): Promise<{ readonly api: number }> {
  const { port } = await apiServer.listen();
  teardown.add(() => apiServer.drain(config.drainMs));
  const adminSocket = await openAdminSocket({ file: adminSocketOf(config.stateDir), operations, onUnexpected });
  teardown.add(() => adminSocket.close());
  return { api: port };
}
