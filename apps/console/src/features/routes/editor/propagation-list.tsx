// Who serves the newest revision of this route: a row for each proxy, the late and the refusing ones first.
import { StatusShape, type Tone } from '#components/ui/status-shape.tsx';
import { duration, inWords } from '#format/number.ts';
import type { Propagation, ProxyPropagation } from '#trpc/contract.ts';

const words: Record<ProxyPropagation['state'], { tone: Tone; text: string; order: number }> = {
  nacked: { tone: 'err', text: 'refused it', order: 0 },
  disconnected: { tone: 'unknown', text: 'not connected', order: 1 },
  pending: { tone: 'info', text: 'on its way', order: 2 },
  acked: { tone: 'ok', text: 'acknowledged', order: 3 },
  active: { tone: 'ok', text: 'active', order: 4 },
};

export function PropagationList({ propagation }: { readonly propagation: Propagation | undefined }) {
  if (propagation === undefined) return <p className="px-4 py-3 text-12 text-t2">Nothing has been applied yet.</p>;
  const rows = [...propagation.proxies].sort(
    (a, b) => words[a.state].order - words[b.state].order || (b.latencyMs ?? 0) - (a.latencyMs ?? 0),
  );
  return (
    <>
      <p className="border-line border-b px-4 py-3 text-12 text-t2">
        <span className="mono font-medium text-t0">r{propagation.revision}</span> is active on{' '}
        <b className="font-medium text-t0">
          {propagation.active} of {propagation.total} proxies
        </b>
        {propagation.p99Ms !== null &&
          propagation.p99Ms > 0 &&
          `, p50 ${inWords(duration(propagation.p50Ms))}, p99 ${inWords(duration(propagation.p99Ms))}`}
        .
      </p>
      <table className="table">
        <thead>
          <tr>
            <th>Proxy</th>
            <th>State</th>
            <th className="num">After</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((proxy) => (
            <tr key={proxy.workload}>
              <td className="mono">{proxy.workload}</td>
              <td>
                <span className="flex items-center gap-1.5">
                  <StatusShape tone={words[proxy.state].tone} label="" />
                  {words[proxy.state].text}
                </span>
                {proxy.error !== null && <span className="block whitespace-normal text-err-text">{proxy.error}</span>}
              </td>
              <td className="num">{proxy.latencyMs === null ? '–' : inWords(duration(proxy.latencyMs))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
