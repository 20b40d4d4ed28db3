// Metadata that may hold one entry, which the proxy knows.
import type { Any } from '@bufbuild/protobuf/wkt';
import { type Metadata, MetadataSchema } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import { onlyFields, ResourceError, required } from './strict.ts';

const checkMetadata = onlyFields(MetadataSchema, ['typedFilterMetadata']);

export function onlyMetadata(metadata: Metadata | undefined, key: string, path: string): Any | undefined {
  const from = required(metadata, path);
  checkMetadata(from, path);
  for (const name of Object.keys(from.typedFilterMetadata)) {
    if (name !== key) throw new ResourceError(`${path}.typed_filter_metadata[${name}]`, 'not supported by this proxy');
  }
  return from.typedFilterMetadata[key];
}
