// The kind of device that a User-Agent names: enough to route by, never to trust.
import type { DeviceClass } from './config.ts';

/**
 * Words of a User-Agent, as regular expressions that RE2 takes too, without regard to case. Asked in the order bot, tablet,
 * mobile: crawlers call themselves phones, and a tablet of Android says so by not saying "Mobile".
 */
export const DEVICE_SIGNS = {
  bot: 'bot\\b|bot/|crawler|spider|slurp|headless|^curl/|^wget/',
  tablet: 'ipad|tablet|kindle|silk/|playbook',
  android: 'android',
  mobileWord: 'mobile',
  phone: 'iphone|ipod|windows phone|blackberry|opera mini',
} as const;

export type DeviceSign = keyof typeof DEVICE_SIGNS;

/** A condition of a class: each sign is there (`true`) or is not. */
export type DeviceCondition = Readonly<Partial<Record<DeviceSign, boolean>>>;

const NO_TABLET = { bot: false, tablet: false } as const;

/** Any of its conditions makes a User-Agent one of the class; no two classes share one. */
export const DEVICE_CONDITIONS: Readonly<Record<DeviceClass, readonly DeviceCondition[]>> = {
  bot: [{ bot: true }],
  tablet: [
    { bot: false, tablet: true },
    { ...NO_TABLET, android: true, mobileWord: false },
  ],
  mobile: [
    { ...NO_TABLET, mobileWord: true },
    { ...NO_TABLET, mobileWord: false, android: false, phone: true },
  ],
  desktop: [{ ...NO_TABLET, mobileWord: false, android: false, phone: false }],
};

/** Longer texts are cut: what names the device comes first. */
const LENGTH_MAX = 512;

const compiled = Object.fromEntries(
  Object.entries(DEVICE_SIGNS).map(([sign, pattern]) => [sign, new RegExp(pattern, 'i')]),
) as Readonly<Record<DeviceSign, RegExp>>;

/** A request without User-Agent, or with one that names nothing known, counts as `desktop`. */
export function deviceClassOf(userAgent: string | undefined): DeviceClass {
  if (userAgent === undefined) return 'desktop';
  const text = userAgent.slice(0, LENGTH_MAX);
  const has = (sign: DeviceSign) => compiled[sign].test(text);
  if (has('bot')) return 'bot';
  if (has('tablet')) return 'tablet';
  if (has('mobileWord')) return 'mobile';
  if (has('android')) return 'tablet';
  return has('phone') ? 'mobile' : 'desktop';
}
