// A resource of xDS as the comparison sees it, wanted or held.
import type { JsonObject } from '@bufbuild/protobuf';

export interface ConfigResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly json: JsonObject;
}

export function keyOf({ typeUrl, name }: ConfigResource): string {
  return `${typeUrl.slice(typeUrl.lastIndexOf('.') + 1)} ${name}`;
}
