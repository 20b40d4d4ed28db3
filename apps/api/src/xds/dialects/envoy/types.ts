// Small pieces that every Envoy resource uses.
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import { ApiVersion, type ConfigSourceSchema } from '@malha/xds/generated/envoy/config/core/v3/config_source_pb';

/** Resources come on the same stream. */
export const ADS: MessageInitShape<typeof ConfigSourceSchema> = {
  configSourceSpecifier: { case: 'ads', value: {} },
  resourceApiVersion: ApiVersion.V3,
};

export function pack<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}

export function typed<D extends DescMessage>(
  schema: D,
  init: MessageInitShape<D>,
): { readonly case: 'typedConfig'; readonly value: Any } {
  return { case: 'typedConfig', value: pack(schema, init) };
}
