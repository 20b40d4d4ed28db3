// Numbers of HTTP/2 (RFC 9113) and the two kinds of errors it knows.
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const FRAME_HEADER_BYTES = 9;
/** The least that every peer takes, and the most that we take: our SETTINGS_MAX_FRAME_SIZE. */
export const FRAME_SIZE_DEFAULT = 16_384;
export const FRAME_SIZE_MAX = 16_777_215;
export const WINDOW_DEFAULT = 65_535;
export const WINDOW_MAX = 2_147_483_647;
export const STREAM_ID_MAX = 2_147_483_647;

export const FrameType = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  ResetStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

export const Flag = { Ack: 0x1, EndStream: 0x1, EndHeaders: 0x4, Padded: 0x8, Priority: 0x20 } as const;

export const Setting = {
  HeaderTableSize: 1,
  EnablePush: 2,
  MaxConcurrentStreams: 3,
  InitialWindowSize: 4,
  MaxFrameSize: 5,
  MaxHeaderListSize: 6,
  /** RFC 8441 */
  EnableConnectProtocol: 8,
} as const;

export const ErrorCode = {
  NoError: 0,
  ProtocolError: 1,
  InternalError: 2,
  FlowControlError: 3,
  SettingsTimeout: 4,
  StreamClosed: 5,
  FrameSizeError: 6,
  RefusedStream: 7,
  Cancel: 8,
  CompressionError: 9,
  ConnectError: 10,
  EnhanceYourCalm: 11,
  InadequateSecurity: 12,
  Http11Required: 13,
} as const;

export type ErrorCodeValue = (typeof ErrorCode)[keyof typeof ErrorCode];

const NAMES = Object.entries(ErrorCode).map(([name]) => name);

export function errorName(code: number): string {
  return NAMES[code] ?? `error ${code}`;
}

/** Ends the connection with GOAWAY. */
export class ConnectionError extends Error {
  readonly code = 'MALHA4022';
  readonly errorCode: ErrorCodeValue;

  constructor(errorCode: ErrorCodeValue, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

/** Ends one stream with RST_STREAM. */
export class StreamError extends Error {
  readonly code = 'MALHA4023';
  readonly streamId: number;
  readonly errorCode: ErrorCodeValue;

  constructor(streamId: number, errorCode: ErrorCodeValue, message: string) {
    super(message);
    this.streamId = streamId;
    this.errorCode = errorCode;
  }
}
