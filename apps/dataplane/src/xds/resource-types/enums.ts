// Enums of malha.extensions.v1 -> words of the engine.
import type { MtlsMode, Protocol } from '@malha/traffic';
import { MtlsMode as Mode, Protocol as WireProtocol } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { ResourceError } from './strict.ts';

const PROTOCOLS: ReadonlyMap<WireProtocol, Protocol> = new Map([
  [WireProtocol.HTTP, 'http'],
  [WireProtocol.HTTP2, 'http2'],
  [WireProtocol.GRPC, 'grpc'],
  [WireProtocol.TCP, 'tcp'],
  [WireProtocol.TLS, 'tls'],
]);

const MODES: ReadonlyMap<Mode, MtlsMode> = new Map([
  [Mode.STRICT, 'STRICT'],
  [Mode.PERMISSIVE, 'PERMISSIVE'],
  [Mode.DISABLE, 'DISABLE'],
]);

export function protocol(value: WireProtocol, path: string): Protocol {
  const known = PROTOCOLS.get(value);
  if (known === undefined) throw new ResourceError(path, `unknown value ${value}`);
  return known;
}

export function mtlsMode(value: Mode, path: string): MtlsMode {
  const known = MODES.get(value);
  if (known === undefined) throw new ResourceError(path, `unknown value ${value}`);
  return known;
}
