// Sends one attempt of a request on its stream: who calls, how long it waits, what its handshake needs, and the body so far.
import type { ClusterRuntime } from '../../cluster/cluster-runtime.ts';
import type { RequestHead } from '../../exchange/request-head.ts';
import type { UpstreamStream } from '../../exchange/upstream-stream.ts';
import { addKey } from '../../exchange/websocket-handshake.ts';
import { formatTraceparent } from '../../telemetry/trace-context.ts';
import { introduce } from '../introduction.ts';
import type { Attempt } from './attempt.ts';
import { tellTimeout } from './deadline-headers.ts';
import { NEVER } from './deadlines.ts';
import type { ForwardEnvironment } from './forward-plan.ts';
import type { ReplayBody } from './replay-body.ts';

export interface Sending {
  readonly request: RequestHead;
  readonly cluster: ClusterRuntime;
  readonly environment: ForwardEnvironment;
  readonly body: ReplayBody;
  /** NEVER = as long as it takes. */
  readonly leftMs: number;
  readonly isCall: boolean;
}

/** False: the stream takes no more at present. */
export function sendRequest(
  attempt: Attempt,
  stream: UpstreamStream,
  { request, cluster, environment, body, leftMs, isCall }: Sending,
): boolean {
  const { headers } = request;
  if (attempt.trace !== undefined) headers.set('traceparent', formatTraceparent(attempt.trace));
  const { introduction, monotonic, random } = environment;
  if (cluster.cluster.loadBalancer.type === 'PeakEwma') attempt.noteSent(monotonic());
  if (introduction !== '' && attempt.balanced !== undefined) {
    const { endpoint } = attempt.balanced;
    introduce(headers, introduction, { cluster: cluster.cluster, endpoint, isReused: stream.isReused });
  }
  if (attempt.wantsTunnel) {
    if (!attempt.isHttp2) attempt.ownKey = addKey(headers, random);
  } else if (leftMs !== NEVER) tellTimeout(request, leftMs, isCall);
  stream.sendHead(request);
  let isOpen = true;
  for (const chunk of body.kept) isOpen = stream.sendData(chunk);
  return isOpen;
}
