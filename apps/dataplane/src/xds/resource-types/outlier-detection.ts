// Envoy's OutlierDetection -> OutlierDetectionConfig. A rule is off when 0 percent of its ejections are enforced.
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { OutlierDetectionConfig } from '@malha/traffic';
import {
  type OutlierDetection,
  OutlierDetectionSchema,
} from '@malha/xds/generated/envoy/config/cluster/v3/outlier_detection_pb';
import { onlyFields, ResourceError, required } from './strict.ts';

const STDEV_UNITS = 1000;

const check = onlyFields(OutlierDetectionSchema, [
  'interval',
  'baseEjectionTime',
  'maxEjectionTime',
  'maxEjectionPercent',
  'alwaysEjectOneHost',
  'splitExternalLocalOriginErrors',
  'consecutive5xx',
  'enforcingConsecutive5xx',
  'consecutiveGatewayFailure',
  'enforcingConsecutiveGatewayFailure',
  'consecutiveLocalOriginFailure',
  'enforcingConsecutiveLocalOriginFailure',
  'enforcingLocalOriginSuccessRate',
  'enforcingSuccessRate',
  'successRateMinimumHosts',
  'successRateRequestVolume',
  'successRateStdevFactor',
  'enforcingFailurePercentage',
  'failurePercentageThreshold',
  'failurePercentageMinimumHosts',
  'failurePercentageRequestVolume',
]);

export function outlierDetection(from: OutlierDetection, path: string): OutlierDetectionConfig {
  check(from, path);
  if (!from.splitExternalLocalOriginErrors)
    throw new ResourceError(`${path}.split_external_local_origin_errors`, 'only true is supported by this proxy');
  if (from.alwaysEjectOneHost !== true)
    throw new ResourceError(`${path}.always_eject_one_host`, 'only true is supported by this proxy');
  if (from.enforcingLocalOriginSuccessRate !== 0)
    throw new ResourceError(`${path}.enforcing_local_origin_success_rate`, 'not supported by this proxy');
  const rule = (enforcing: number | undefined, name: string): boolean => {
    if (enforcing === 100 || enforcing === 0) return enforcing === 100;
    throw new ResourceError(`${path}.enforcing_${name}`, 'must be 0 or 100');
  };
  const limit = (value: number | undefined, enforcing: number | undefined, name: string): number =>
    rule(enforcing, name) ? required(value, `${path}.${name}`) : 0;
  return {
    consecutive5xx: limit(from.consecutive5xx, from.enforcingConsecutive5xx, 'consecutive_5xx'),
    consecutiveGatewayErrors: limit(
      from.consecutiveGatewayFailure,
      from.enforcingConsecutiveGatewayFailure,
      'consecutive_gateway_failure',
    ),
    consecutiveLocalErrors: limit(
      from.consecutiveLocalOriginFailure,
      from.enforcingConsecutiveLocalOriginFailure,
      'consecutive_local_origin_failure',
    ),
    intervalMs: durationMs(required(from.interval, `${path}.interval`)),
    baseEjectionMs: durationMs(required(from.baseEjectionTime, `${path}.base_ejection_time`)),
    maxEjectionMs: durationMs(required(from.maxEjectionTime, `${path}.max_ejection_time`)),
    maxEjectionPercent: required(from.maxEjectionPercent, `${path}.max_ejection_percent`),
    ...(rule(from.enforcingSuccessRate, 'success_rate') && {
      successRate: {
        minEndpoints: required(from.successRateMinimumHosts, `${path}.success_rate_minimum_hosts`),
        minRequests: required(from.successRateRequestVolume, `${path}.success_rate_request_volume`),
        stdevFactor: required(from.successRateStdevFactor, `${path}.success_rate_stdev_factor`) / STDEV_UNITS,
      },
    }),
    ...(rule(from.enforcingFailurePercentage, 'failure_percentage') && {
      failurePercentage: {
        threshold: required(from.failurePercentageThreshold, `${path}.failure_percentage_threshold`),
        minEndpoints: required(from.failurePercentageMinimumHosts, `${path}.failure_percentage_minimum_hosts`),
        minRequests: required(from.failurePercentageRequestVolume, `${path}.failure_percentage_request_volume`),
      },
    }),
  };
}
