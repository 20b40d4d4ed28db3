// The state of proxies in words.
import type { Tone } from '#components/ui/status-shape.tsx';
import { plural } from '#format/number.ts';
import type { ProxyRow } from '#trpc/contract.ts';

export function stateOf(proxy: ProxyRow): { readonly tone: Tone; readonly words: string } {
  switch (proxy.state) {
    case 'in-sync':
      return { tone: 'ok', words: 'serves what it should' };
    case 'stale':
      return { tone: 'info', words: 'a newer configuration is on its way' };
    case 'disconnected':
      return { tone: 'unknown', words: 'not connected; it goes on with its last configuration' };
    case 'nacked':
      return { tone: 'err', words: proxy.nack ?? 'refused a configuration and keeps the last' };
  }
}

export function headlineOf(proxies: readonly ProxyRow[]): { readonly lead: string; readonly rest: string } {
  if (proxies.length === 0) return { lead: 'No proxy has joined yet.', rest: '' };
  const count = (state: ProxyRow['state']) => proxies.filter((proxy) => proxy.state === state).length;
  const inSync = count('in-sync');
  const lead =
    inSync === proxies.length
      ? `All ${plural(proxies.length, 'proxy', 'proxies')} serve what they should.`
      : `${inSync} of ${plural(proxies.length, 'proxy', 'proxies')} serve what they should.`;
  const rest = [
    [count('nacked'), 'refused a configuration'],
    [count('stale'), 'on the way'],
    [count('disconnected'), 'not connected'],
  ]
    .filter(([number]) => Number(number) > 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(', ');
  return { lead, rest: rest === '' ? '' : `${rest}.` };
}
