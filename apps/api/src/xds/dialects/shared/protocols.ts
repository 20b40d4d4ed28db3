// Protocols and mTLS modes as the enums of malha.extensions.v1.
import type { MtlsMode, Protocol } from '@malha/traffic';
import { MtlsMode as Mode, Protocol as WireProtocol } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';

export const PROTOCOLS = {
  http: WireProtocol.HTTP,
  http2: WireProtocol.HTTP2,
  grpc: WireProtocol.GRPC,
  tcp: WireProtocol.TCP,
  tls: WireProtocol.TLS,
} as const satisfies Record<Protocol, WireProtocol>;

export const MODES = {
  STRICT: Mode.STRICT,
  PERMISSIVE: Mode.PERMISSIVE,
  DISABLE: Mode.DISABLE,
} as const satisfies Record<MtlsMode, Mode>;
