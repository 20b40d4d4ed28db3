// Authorization of one inbound request: the decision is the engine's, the request is shown to it without copies.
import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '@malha/traffic/authorization';
import type { Exchange } from '../exchange/exchange.ts';
import type { RequestHead } from '../exchange/request-head.ts';

/** Filled anew for each request: a decision keeps nothing of it. */
class View implements AuthorizationRequest {
  principal: string | undefined;
  namespace: string | undefined;
  sourceIp = '';
  method = '';
  path = '';
  host = '';
  port = 0;
  head: RequestHead | undefined;

  header(name: string): string | undefined {
    return this.head?.headers.get(name);
  }
}

const view = new View();

/** `port` is that of the workload. Notes the deciding policies for the operator. */
export function authorize(exchange: Exchange, authorizer: Authorizer, port: number): AuthorizationDecision {
  const { connection, request, notes } = exchange;
  view.principal = connection.peer?.spiffeId;
  view.namespace = connection.peer?.namespace;
  view.sourceIp = connection.remoteAddress;
  view.method = request.method;
  view.path = request.path;
  view.host = request.authority;
  view.port = port;
  view.head = request;
  const decision = authorizer.decide(view);
  view.head = undefined;
  notes.authorizationPolicy = decision.policy ?? '';
  notes.shadowPolicy = decision.shadowDenied ?? '';
  return decision;
}
