// Sessions of mutual TLS with peers that were checked before: the next connection to one of them begins without certificates
// (RFC 8446 §2.2), at half the cost, and is checked by the certificate that its session began with.
import type { X509Certificate } from 'node:crypto';

/** A kilobyte and a half each, and the certificate. */
const SESSIONS_MAX = 256;

export interface PeerSession {
  /** As the TLS library wrote it. */
  readonly session: Buffer;
  /** Shown in the full handshake. Only who holds the keys of that peer's tickets can resume it. */
  readonly certificate: X509Certificate;
}

/** Of one identity: a renewed one, or one that trusts others, begins with none. */
export class PeerSessions {
  private readonly byPeer = new Map<string, PeerSession>();

  /** `peer`: where the connection leads, and to which server name. */
  get(peer: string): PeerSession | undefined {
    return this.byPeer.get(peer);
  }

  set(peer: string, session: PeerSession): void {
    if (!this.byPeer.has(peer) && this.byPeer.size >= SESSIONS_MAX) {
      const [oldest] = this.byPeer.keys();
      if (oldest !== undefined) this.byPeer.delete(oldest);
    }
    this.byPeer.set(peer, session);
  }

  delete(peer: string): void {
    this.byPeer.delete(peer);
  }
}
