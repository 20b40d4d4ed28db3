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
    case 'out':
      return { tone: 'unknown', words: 'out of the mesh; its row is kept for two days' };
    case 'nacked':
      return { tone: 'err', words: proxy.nack ?? 'refused a configuration and keeps the last' };
  }
}

/** Those that are in the mesh: what the pill of the top bar counts too. */
export function inMesh(proxies: readonly ProxyRow[]): readonly ProxyRow[] {
  return proxies.filter(({ state }) => state !== 'out');
}

export function headlineOf(proxies: readonly ProxyRow[]): { readonly lead: string; readonly rest: string } {
  const count = (state: ProxyRow['state']) => proxies.filter((proxy) => proxy.state === state).length;
  const total = inMesh(proxies).length;
  const inSync = count('in-sync');
  const rest = [
    [count('nacked'), 'refused a configuration'],
    [count('stale'), 'on the way'],
    [count('disconnected'), 'not connected'],
    [count('out'), 'out of the mesh'],
  ]
    .filter(([number]) => Number(number) > 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(', ');
  return { lead: leadOf(inSync, total, proxies.length), rest: rest === '' ? '' : `${rest}.` };
}

function leadOf(inSync: number, total: number, known: number): string {
  if (total === 0) return known === 0 ? 'No proxy has joined yet.' : 'No proxy is in the mesh.';
  if (inSync < total) return `${inSync} of ${plural(total, 'proxy', 'proxies')} serve what they should.`;
  return total === 1 ? 'The one proxy serves what it should.' : `All ${total} proxies serve what they should.`;
}
