// The kind of device that a User-Agent names: enough to route by, never to trust.
import type { DeviceClass } from './config.ts';

/** In this order: crawlers call themselves phones, and tablets of Android say so by not saying "Mobile". */
const SIGNS: readonly (readonly [DeviceClass, RegExp])[] = [
  ['bot', /bot\b|bot\/|crawler|spider|slurp|headless|^curl\/|^wget\//i],
  ['tablet', /ipad|tablet|kindle|silk\/|playbook|android(?!.*mobile)/i],
  ['mobile', /mobile|iphone|ipod|android|windows phone|blackberry|opera mini/i],
];

/** Longer texts are cut: what names the device comes first. */
const LENGTH_MAX = 512;

/** A request without User-Agent, or with one that names nothing known, counts as `desktop`. */
export function deviceClassOf(userAgent: string | undefined): DeviceClass {
  if (userAgent === undefined) return 'desktop';
  const text = userAgent.slice(0, LENGTH_MAX);
  for (const [device, sign] of SIGNS) if (sign.test(text)) return device;
  return 'desktop';
}
