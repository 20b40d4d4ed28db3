// Outlier detection as Envoy's message; errors of the proxy's own (no connection, reset, timeout) are always counted apart.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { OutlierDetectionConfig } from '@malha/traffic';
import type { OutlierDetectionSchema } from '@malha/xds/generated/envoy/config/cluster/v3/outlier_detection_pb';

/** Percent of the ejections that a rule asks for. */
const ON = 100;
const OFF = 0;
/** A rule that is off still needs a limit: 0 would be met by every answer. */
const NEVER = 1_000_000;
/** Envoy counts standard deviations in thousandths. */
const STDEV_UNITS = 1000;

export function outlierDetection(config: OutlierDetectionConfig): MessageInitShape<typeof OutlierDetectionSchema> {
  const { successRate, failurePercentage } = config;
  return {
    interval: durationFromMs(config.intervalMs),
    baseEjectionTime: durationFromMs(config.baseEjectionMs),
    maxEjectionTime: durationFromMs(config.maxEjectionMs),
    maxEjectionPercent: config.maxEjectionPercent,
    alwaysEjectOneHost: true,
    splitExternalLocalOriginErrors: true,
    consecutive5xx: config.consecutive5xx || NEVER,
    enforcingConsecutive5xx: enforcing(config.consecutive5xx),
    consecutiveGatewayFailure: config.consecutiveGatewayErrors || NEVER,
    enforcingConsecutiveGatewayFailure: enforcing(config.consecutiveGatewayErrors),
    consecutiveLocalOriginFailure: config.consecutiveLocalErrors || NEVER,
    enforcingConsecutiveLocalOriginFailure: enforcing(config.consecutiveLocalErrors),
    enforcingLocalOriginSuccessRate: OFF,
    enforcingSuccessRate: successRate === undefined ? OFF : ON,
    ...(successRate !== undefined && {
      successRateMinimumHosts: successRate.minEndpoints,
      successRateRequestVolume: successRate.minRequests,
      successRateStdevFactor: Math.round(successRate.stdevFactor * STDEV_UNITS),
    }),
    enforcingFailurePercentage: failurePercentage === undefined ? OFF : ON,
    ...(failurePercentage !== undefined && {
      failurePercentageThreshold: failurePercentage.threshold,
      failurePercentageMinimumHosts: failurePercentage.minEndpoints,
      failurePercentageRequestVolume: failurePercentage.minRequests,
    }),
  };
}

function enforcing(limit: number): number {
  return limit > 0 ? ON : OFF;
}
