// Proxies as squares: filled = serves what it should; hollow = on its way; a diamond cut = refused; dashed = gone.
import type { ProxyPropagation } from '#trpc/contract.ts';

export interface ProxySquare {
  readonly id: string;
  readonly state: ProxyPropagation['state'];
  readonly title?: string;
}

const styles: Record<ProxySquare['state'], string> = {
  active: 'bg-ok',
  acked: 'bg-ok opacity-70',
  pending: 'shadow-[inset_0_0_0_1.5px_var(--info)]',
  nacked: 'bg-err rotate-45 scale-[0.8]',
  disconnected: 'border border-dashed border-strong',
};

const words: Record<ProxySquare['state'], string> = {
  active: 'active',
  acked: 'acknowledged',
  pending: 'on its way',
  nacked: 'refused',
  disconnected: 'not connected',
};

export interface ProxySquaresProps {
  readonly proxies: readonly ProxySquare[];
  readonly perRow?: number;
}

export function ProxySquares({ proxies, perRow }: ProxySquaresProps) {
  const active = proxies.filter((proxy) => proxy.state === 'active' || proxy.state === 'acked').length;
  return (
    <span
      role="img"
      aria-label={`${active} of ${proxies.length} proxies active`}
      className="grid gap-[3px]"
      style={{ gridTemplateColumns: `repeat(${perRow ?? 'auto-fill'}, 8px)` }}
    >
      {proxies.map((proxy) => (
        <i
          key={proxy.id}
          data-testid="proxy-square"
          data-state={proxy.state}
          title={proxy.title ?? `${proxy.id}: ${words[proxy.state]}`}
          className={`size-2 rounded-[2px] transition-colors duration-(--m-settle) ${styles[proxy.state]}`}
        />
      ))}
    </span>
  );
}
