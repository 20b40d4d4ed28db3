// The application behind Envoy, as a cluster for each inbound port.
import { create, toBinary } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { InboundPort } from '@malha/traffic';
import { CLUSTER_TYPE } from '@malha/xds';
import { HTTP_PROTOCOL_OPTIONS } from '@malha/xds/extension-names';
import { Cluster_DiscoveryType, ClusterSchema } from '@malha/xds/generated/envoy/config/cluster/v3/cluster_pb';
import { HttpProtocolOptionsSchema } from '@malha/xds/generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb';
import type { ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { pack } from './types.ts';

/** On the same host: an application that does not accept by then is down. */
const CONNECT_TIMEOUT_MS = 5_000;

export function applicationCluster({ port }: InboundPort): string {
  return `inbound|${port}`;
}

export function applicationPlan(port: InboundPort): ResourcePlan {
  return {
    typeUrl: CLUSTER_TYPE,
    name: applicationCluster(port),
    source: port,
    bytes: () => encodeApplication(port),
  };
}

function encodeApplication(port: InboundPort): Uint8Array {
  const name = applicationCluster(port);
  const isHttp2 = port.protocol === 'http2' || port.protocol === 'grpc';
  const message = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: durationFromMs(CONNECT_TIMEOUT_MS),
    loadAssignment: {
      clusterName: name,
      endpoints: [
        {
          lbEndpoints: [
            { hostIdentifier: { case: 'endpoint', value: { address: applicationAddress(port.appAddress) } } },
          ],
        },
      ],
    },
    typedExtensionProtocolOptions: {
      [HTTP_PROTOCOL_OPTIONS]: pack(HttpProtocolOptionsSchema, {
        upstreamProtocolOptions: {
          case: 'explicitHttpConfig',
          value: {
            protocolConfig: isHttp2
              ? { case: 'http2ProtocolOptions', value: { allowConnect: true } }
              : { case: 'httpProtocolOptions', value: {} },
          },
        },
      }),
    },
  });
  return toBinary(ClusterSchema, message);
}

function applicationAddress(appAddress: string) {
  const colon = appAddress.lastIndexOf(':');
  const host = appAddress.slice(0, colon).replace(/^\[|\]$/g, '');
  // A STATIC cluster takes addresses only; the application is on this host.
  return socketAddress(host === 'localhost' ? '127.0.0.1' : host, Number(appAddress.slice(colon + 1)));
}
