// The port of a listener; the address is the proxy's own affair.
import { AddressSchema, SocketAddressSchema } from '@malha/xds/generated/envoy/config/core/v3/address_pb';
import type { Listener } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { onlyFields, ResourceError, required } from './strict.ts';

const checkAddress = onlyFields(AddressSchema, ['socketAddress']);
const checkSocketAddress = onlyFields(SocketAddressSchema, ['address', 'portValue']);

export function listeningPort({ address }: Listener): number {
  const from = required(address, 'address');
  checkAddress(from, 'address');
  if (from.address.case !== 'socketAddress') throw new ResourceError('address.socket_address', 'missing');
  const socketAddress = from.address.value;
  checkSocketAddress(socketAddress, 'address.socket_address');
  if (socketAddress.portSpecifier.case !== 'portValue')
    throw new ResourceError('address.socket_address.port_value', 'missing');
  return socketAddress.portSpecifier.value;
}
