// Labels and forwarded identity of callers: made once for each identity, not for each request.
import type { ConnectionFacts, PeerFacts } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { clientCertificateText } from '../filters/client-certificate.ts';
import { readIntroduction } from '../filters/introduction.ts';
import type { Destination } from '../filters/request-recorder.ts';
import { type PeerLabels, UNKNOWN_PEER } from '../telemetry/record.ts';
import type { InboundPortRuntime } from './inbound-port.ts';

/** Identities kept by name; more are forgotten at once. */
const KEPT_MAX = 10_000;

export class Callers {
  private readonly workload: { readonly name: string; readonly version: string };
  private readonly labels = new Map<string, PeerLabels>();
  private readonly introduced = new WeakMap<ConnectionFacts, PeerLabels>();
  private readonly destinations = new WeakMap<InboundPortRuntime, Map<PeerLabels, Destination>>();
  private readonly certificateTexts = new WeakMap<PeerFacts, string>();

  constructor(workload: { readonly name: string; readonly version: string }) {
    this.workload = workload;
  }

  /** Takes what the caller's proxy says of itself: with the first request of a connection, in plaintext with each. */
  meet(connection: ConnectionFacts, headers: HeaderBlock): void {
    const labels = readIntroduction(headers, connection.peer);
    if (labels !== undefined) this.introduced.set(connection, this.interned(labels));
    else if (connection.peer === undefined) this.introduced.delete(connection);
  }

  labelsOf(connection: ConnectionFacts): PeerLabels {
    return this.introduced.get(connection) ?? this.provedLabels(connection.peer);
  }

  /** The same object for the same labels, as telemetry recognises peers by identity. */
  private interned(labels: PeerLabels): PeerLabels {
    const key = `${labels.namespace}/${labels.workload}/${labels.service}/${labels.version} ${labels.principal}`;
    const known = this.labels.get(key);
    if (known !== undefined) return known;
    if (this.labels.size >= KEPT_MAX) this.labels.clear();
    this.labels.set(key, labels);
    return labels;
  }

  private provedLabels(peer: PeerFacts | undefined): PeerLabels {
    if (peer === undefined) return UNKNOWN_PEER;
    const known = this.labels.get(peer.spiffeId);
    if (known !== undefined) return known;
    const { namespace, serviceAccount, spiffeId } = peer;
    const labels = Object.freeze({
      namespace,
      service: serviceAccount,
      version: '',
      workload: '',
      principal: spiffeId,
    });
    if (this.labels.size >= KEPT_MAX) this.labels.clear();
    this.labels.set(spiffeId, labels);
    return labels;
  }

  /** This workload as the destination of a call by that peer. */
  destinationOf(port: InboundPortRuntime, connection: ConnectionFacts, servicePort: number): Destination {
    const labels = this.labelsOf(connection);
    let ofPort = this.destinations.get(port);
    if (ofPort === undefined) {
      ofPort = new Map();
      this.destinations.set(port, ofPort);
    }
    const known = ofPort.get(labels);
    if (known !== undefined && known.port === servicePort) return known;
    const { service } = port.config;
    const destination: Destination = Object.freeze({
      peer: labels,
      serviceNamespace: service.namespace,
      service: service.name,
      port: servicePort,
      version: this.workload.version,
      workload: this.workload.name,
      mtls: connection.peer !== undefined,
    });
    if (ofPort.size >= KEPT_MAX) ofPort.clear();
    ofPort.set(labels, destination);
    return destination;
  }

  certificateText(ownSpiffeId: string, peer: PeerFacts): string {
    const known = this.certificateTexts.get(peer);
    if (known !== undefined) return known;
    const text = clientCertificateText(ownSpiffeId, peer);
    this.certificateTexts.set(peer, text);
    return text;
  }
}
