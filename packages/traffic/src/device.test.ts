import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEVICE_CONDITIONS, DEVICE_SIGNS, type DeviceSign, deviceClassOf } from './device.ts';
import { compileRegex } from './pattern.ts';

it.each([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148', 'mobile'],
  ['Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36', 'mobile'],
  ['Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 Chrome/120.0 Safari/537.36', 'tablet'],
  ['Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148', 'tablet'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36', 'desktop'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0', 'desktop'],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'bot'],
  ['Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Mobile Safari (compatible; bingbot/2.0)', 'bot'],
  ['curl/8.5.0', 'bot'],
  // The name of an application behind it says nothing of the device.
  ['Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36 com.example.android/2.1', 'mobile'],
  ['Opera/9.80 (J2ME/MIDP; Opera Mini/7.1) Presto/2.8', 'mobile'],
  ['Mozilla/5.0 (Linux; U; Android 4.0; Kindle Fire) Silk/3.4 Mobile Safari', 'tablet'],
  ['mycurl/1', 'desktop'],
  ['', 'desktop'],
  [undefined, 'desktop'],
])('%j is a %s', (userAgent, device) => {
  expect(deviceClassOf(userAgent)).toBe(device);
});

it('the conditions of a class hold for its User-Agents and for no others, by the expressions that Envoy gets', () => {
  const signs = Object.fromEntries(
    Object.entries(DEVICE_SIGNS).map(([sign, pattern]) => [sign, compileRegex(`(?is).*(?:${pattern}).*`)]),
  ) as Record<DeviceSign, (text: string) => boolean>;
  const classesOf = (text: string) =>
    Object.entries(DEVICE_CONDITIONS).flatMap(([device, conditions]) =>
      conditions
        .filter((each) => Object.entries(each).every(([sign, is]) => signs[sign as DeviceSign](text) === is))
        .map(() => device),
    );
  const words = ['bot', 'Bot/2', 'curl/8', 'iPad', 'Tablet', 'Android', 'Mobile', 'iPhone', 'Opera Mini', 'X11', '\n'];
  const userAgent = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((parts) => parts.join(' '));
  fc.assert(
    fc.property(userAgent, (text) => {
      expect(classesOf(text)).toEqual([deviceClassOf(text)]);
    }),
  );
});
