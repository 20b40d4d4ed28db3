// Active health checks as Envoy's message; both dialects send it.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Cluster, HealthCheckConfig } from '@malha/traffic';
import type { HealthCheckSchema } from '@malha/xds/generated/envoy/config/core/v3/health_check_pb';
import { CodecClientType } from '@malha/xds/generated/envoy/type/v3/http_pb';

type HealthCheck = MessageInitShape<typeof HealthCheckSchema>;

/** What passes where no status is listed: 200 up to, but not, 300. */
const SUCCESS = { start: 200n, end: 300n };

export function healthChecks({ healthCheck, service, protocol }: Cluster): HealthCheck[] {
  if (healthCheck === undefined) return [];
  const interval = durationFromMs(healthCheck.intervalMs);
  return [
    {
      interval,
      timeout: durationFromMs(healthCheck.timeoutMs),
      intervalJitterPercent: healthCheck.jitterPercent,
      unhealthyThreshold: healthCheck.unhealthyThreshold,
      healthyThreshold: healthCheck.healthyThreshold,
      // Envoy would slow down where nobody calls, and learn late.
      noTrafficInterval: interval,
      healthChecker: checker(healthCheck, service.name, protocol === 'http2' || protocol === 'grpc'),
    },
  ];
}

function checker(
  config: HealthCheckConfig,
  service: string,
  isHttp2: boolean,
): NonNullable<HealthCheck['healthChecker']> {
  switch (config.type) {
    case 'http':
      return {
        case: 'httpHealthCheck',
        value: {
          host: config.host || service,
          path: config.path,
          expectedStatuses: config.expectedStatuses.length === 0 ? [SUCCESS] : config.expectedStatuses.map(exactly),
          codecClientType: isHttp2 ? CodecClientType.HTTP2 : CodecClientType.HTTP1,
        },
      };
    case 'grpc':
      return { case: 'grpcHealthCheck', value: { serviceName: config.service, authority: service } };
    case 'tcp':
      return { case: 'tcpHealthCheck', value: {} };
  }
}

function exactly(status: number): { start: bigint; end: bigint } {
  return { start: BigInt(status), end: BigInt(status + 1) };
}
