// A request as limits and faults see it: one object that is shown one after another, without copies.
import type { LimitedRequest } from '@malha/traffic/rate-limit/rate-limiter';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';

export class LimitedView implements LimitedRequest {
  principal: string | undefined;
  sourceIp = '';
  method = '';
  path = '';
  private headers: HeaderBlock | undefined;

  show({ connection, request }: Exchange): void {
    this.principal = connection.peer?.spiffeId;
    this.sourceIp = connection.remoteAddress;
    this.method = request.method;
    this.path = request.path;
    this.headers = request.headers;
  }

  hide(): void {
    this.headers = undefined;
  }

  header(name: string): string | undefined {
    return this.headers?.get(name);
  }
}
