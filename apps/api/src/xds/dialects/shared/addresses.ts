// Socket addresses.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AddressSchema } from '@malha/xds/generated/envoy/config/core/v3/address_pb';

export function socketAddress(address: string, port: number): MessageInitShape<typeof AddressSchema> {
  return {
    address: {
      case: 'socketAddress',
      value: { address, portSpecifier: { case: 'portValue', value: port } },
    },
  };
}
