// SETTINGS of both ends: what we ask for, and what a peer's frame says, checked (RFC 9113 §6.5).
import {
  ConnectionError,
  ErrorCode,
  FRAME_SIZE_DEFAULT,
  FRAME_SIZE_MAX,
  Setting,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './protocol.ts';

export interface LocalSettings {
  readonly headerTableSize: number;
  /** Streams that the peer may have open at once. */
  readonly maxConcurrentStreams: number;
  /** Bytes of one stream that may be on their way to us. */
  readonly initialWindowSize: number;
  readonly maxHeaderListSize: number;
}

/** For clients that anybody may be: at most 8 MiB of unread bodies for each connection. */
export const CLIENT_FACING_SETTINGS: LocalSettings = {
  headerTableSize: 4_096,
  maxConcurrentStreams: 128,
  initialWindowSize: 65_536,
  maxHeaderListSize: 61_440,
};

/** For peers of the mesh, who have shown a certificate, and for our own requests: fewer waits for windows. */
export const MESH_SETTINGS: LocalSettings = {
  headerTableSize: 4_096,
  maxConcurrentStreams: 1_024,
  initialWindowSize: 262_144,
  maxHeaderListSize: 61_440,
};

/** A peer that has not sent its SETTINGS yet is taken to allow what RFC 9113 §6.5.2 recommends at least. */
const STREAMS_ASSUMED = 100;
export const UNLIMITED_STREAMS = Number.POSITIVE_INFINITY;

export interface PeerSettings {
  headerTableSize: number;
  maxConcurrentStreams: number;
  initialWindowSize: number;
  maxFrameSize: number;
  /** Of a server: it takes an extended CONNECT (RFC 8441). */
  takesTunnels: boolean;
}

export function initialPeerSettings(): PeerSettings {
  return {
    headerTableSize: 4_096,
    maxConcurrentStreams: STREAMS_ASSUMED,
    initialWindowSize: WINDOW_DEFAULT,
    maxFrameSize: FRAME_SIZE_DEFAULT,
    takesTunnels: false,
  };
}

/** identifier, value, identifier, value … */
export function settingsEntries(local: LocalSettings, isServer: boolean): number[] {
  const entries: number[] = [
    ...[Setting.HeaderTableSize, local.headerTableSize],
    ...[Setting.InitialWindowSize, local.initialWindowSize],
    ...[Setting.MaxHeaderListSize, local.maxHeaderListSize],
  ];
  if (isServer)
    entries.push(Setting.MaxConcurrentStreams, local.maxConcurrentStreams, Setting.EnableConnectProtocol, 1);
  else entries.push(Setting.EnablePush, 0);
  return entries;
}

/** Applies a SETTINGS payload to `peer`; `isServer`: we are the server. Throws ConnectionError. */
export function readSettings(payload: Buffer, peer: PeerSettings, isServer: boolean): void {
  if (payload.length % 6 !== 0) throw new ConnectionError(ErrorCode.FrameSizeError, 'SETTINGS of a broken length');
  for (let at = 0; at < payload.length; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case Setting.HeaderTableSize:
        peer.headerTableSize = value;
        break;
      case Setting.EnablePush:
        // Only clients may be pushed to.
        if (value > (isServer ? 1 : 0)) throw new ConnectionError(ErrorCode.ProtocolError, 'ENABLE_PUSH out of range');
        break;
      case Setting.MaxConcurrentStreams:
        peer.maxConcurrentStreams = value;
        break;
      case Setting.InitialWindowSize:
        if (value > WINDOW_MAX) throw new ConnectionError(ErrorCode.FlowControlError, 'INITIAL_WINDOW_SIZE too large');
        peer.initialWindowSize = value;
        break;
      case Setting.MaxFrameSize:
        if (value < FRAME_SIZE_DEFAULT || value > FRAME_SIZE_MAX) {
          throw new ConnectionError(ErrorCode.ProtocolError, 'MAX_FRAME_SIZE out of range');
        }
        peer.maxFrameSize = value;
        break;
      case Setting.EnableConnectProtocol:
        if (value > 1 || (value === 0 && peer.takesTunnels))
          throw new ConnectionError(
            ErrorCode.ProtocolError,
            'ENABLE_CONNECT_PROTOCOL is neither 0 nor 1, or taken back',
          );
        peer.takesTunnels = value === 1;
        break;
      default:
        // Unknown settings are ignored (RFC 9113 §6.5.2).
        break;
    }
  }
}
