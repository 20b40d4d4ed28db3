// Envoy's HealthCheck -> HealthCheckConfig.
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { HealthCheckConfig } from '@malha/traffic';
import {
  type HealthCheck,
  HealthCheck_GrpcHealthCheckSchema,
  HealthCheck_HttpHealthCheckSchema,
  HealthCheck_TcpHealthCheckSchema,
  HealthCheckSchema,
} from '@malha/xds/generated/envoy/config/core/v3/health_check_pb';
import { onlyFields, ResourceError, required } from './strict.ts';

const check = onlyFields(HealthCheckSchema, [
  'interval',
  'timeout',
  'intervalJitterPercent',
  'unhealthyThreshold',
  'healthyThreshold',
  'noTrafficInterval',
  'httpHealthCheck',
  'grpcHealthCheck',
  'tcpHealthCheck',
]);
const checkHttp = onlyFields(HealthCheck_HttpHealthCheckSchema, [
  'host',
  'path',
  'expectedStatuses',
  'codecClientType',
]);
const checkGrpc = onlyFields(HealthCheck_GrpcHealthCheckSchema, ['serviceName', 'authority']);
const checkTcp = onlyFields(HealthCheck_TcpHealthCheckSchema, []);

/** `service`: the host of probes that name none. Undefined when there is no check. */
export function healthCheck(
  from: readonly HealthCheck[],
  service: string,
  path: string,
): HealthCheckConfig | undefined {
  const [only, ...more] = from;
  if (more.length > 0) throw new ResourceError(`${path}[1]`, 'only one health check is supported by this proxy');
  if (only === undefined) return undefined;
  const at = `${path}[0]`;
  check(only, at);
  const timing = {
    intervalMs: durationMs(required(only.interval, `${at}.interval`)),
    timeoutMs: durationMs(required(only.timeout, `${at}.timeout`)),
    jitterPercent: only.intervalJitterPercent,
    unhealthyThreshold: required(only.unhealthyThreshold, `${at}.unhealthy_threshold`),
    healthyThreshold: required(only.healthyThreshold, `${at}.healthy_threshold`),
  };
  const { healthChecker } = only;
  switch (healthChecker.case) {
    case 'httpHealthCheck': {
      const { value } = healthChecker;
      checkHttp(value, `${at}.http_health_check`);
      const host = value.host === service ? '' : value.host;
      const expectedStatuses = statuses(value.expectedStatuses, `${at}.http_health_check.expected_statuses`);
      return { ...timing, type: 'http', path: value.path, host, expectedStatuses };
    }
    case 'grpcHealthCheck':
      checkGrpc(healthChecker.value, `${at}.grpc_health_check`);
      return { ...timing, type: 'grpc', service: healthChecker.value.serviceName };
    case 'tcpHealthCheck':
      checkTcp(healthChecker.value, `${at}.tcp_health_check`);
      return { ...timing, type: 'tcp' };
    default:
      throw new ResourceError(at, 'no health_checker that this proxy supports');
  }
}

/** 200 to 299 as one range is the default; any other range holds one status. */
function statuses(ranges: readonly { readonly start: bigint; readonly end: bigint }[], path: string): number[] {
  const [first] = ranges;
  if (ranges.length === 1 && first?.start === 200n && first.end === 300n) return [];
  return ranges.map(({ start, end }, index) => {
    if (end !== start + 1n) throw new ResourceError(`${path}[${index}]`, 'only single statuses are supported');
    return Number(start);
  });
}
