// Classes of devices for Envoy, which knows none: what a User-Agent says, as matches of that header.
import type { DeviceClass } from '@malha/traffic';
import { DEVICE_CONDITIONS, DEVICE_SIGNS, type DeviceCondition, type DeviceSign } from '@malha/traffic/device';
import { type HeaderMatcher, regexString } from '../shared/matches.ts';

export type { HeaderMatcher } from '../shared/matches.ts';

/** Each of the lists suffices; all of its matches must hold. One empty list: any device. */
export function deviceMatchers(devices: readonly DeviceClass[] | undefined): readonly (readonly HeaderMatcher[])[] {
  if (devices === undefined) return [[]];
  return devices.flatMap((device) => DEVICE_CONDITIONS[device].map(matchersOf));
}

function matchersOf(condition: DeviceCondition): HeaderMatcher[] {
  return Object.entries(condition).map(([sign, isThere]) => ({
    name: 'user-agent',
    // Envoy's expressions match the whole value; without the header the value is empty, as for our proxy.
    headerMatchSpecifier: { case: 'stringMatch', value: regexString(anywhere(DEVICE_SIGNS[sign as DeviceSign])) },
    treatMissingHeaderAsEmpty: true,
    invertMatch: !isThere,
  }));
}

/** `^` within stands for the beginning of the value, which is where `.*` can be nothing. */
function anywhere(pattern: string): string {
  return `(?is).*(?:${pattern}).*`;
}
