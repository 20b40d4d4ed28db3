// Descriptors of rate limits for Envoy: the id of the limit, whether the request falls under it, and its keys. Values are
// expressions of CEL, and one that fails leaves the descriptor out.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { LimitKey, RateLimitRule } from '@malha/traffic';
import { ABSENT_VALUE, keyEntryName, LIMIT_ENTRY, MATCH_ENTRY } from '@malha/traffic/rate-limit/descriptor';
import type { RateLimit_ActionSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { DescriptorSchema } from '@malha/xds/generated/envoy/extensions/rate_limit_descriptors/expr/v3/expr_pb';
import { conditionExpression, text } from './conditions.ts';
import { pack } from './types.ts';

type Action = MessageInitShape<typeof RateLimit_ActionSchema>;

/** Literal of CEL for a request without the value; those share a bucket. */
const ABSENT = text(ABSENT_VALUE);

export function actionsOf({ id, condition, keys }: RateLimitRule): Action[] {
  return [
    { actionSpecifier: { case: 'genericKey', value: { descriptorKey: LIMIT_ENTRY, descriptorValue: id } } },
    // A map without the key is an error of the expression, which leaves the descriptor out.
    expression(MATCH_ENTRY.key, `{true: ${text(MATCH_ENTRY.value)}}[${conditionExpression(condition)}]`),
    ...keys.map((key, index) => keyAction(keyEntryName(key, index), key)),
  ];
}

function keyAction(name: string, key: LimitKey): Action {
  switch (key.type) {
    case 'identity':
      return expression(name, `connection.mtls ? connection.uri_san_peer_certificate : ${ABSENT}`);
    case 'address':
      return { actionSpecifier: { case: 'remoteAddress', value: {} } };
    case 'path':
      return expression(name, 'request.url_path');
    case 'header':
      return expression(name, headerValue(text(key.name)));
  }
}

/** Envoy takes no empty values. */
function headerValue(name: string): string {
  return `${name} in request.headers && request.headers[${name}] != "" ? request.headers[${name}] : ${ABSENT}`;
}

function expression(descriptorKey: string, celText: string): Action {
  const config = pack(DescriptorSchema, { descriptorKey, exprSpecifier: { case: 'text', value: celText } });
  return {
    actionSpecifier: {
      case: 'extension',
      value: { name: 'envoy.rate_limit_descriptors.expr', typedConfig: config },
    },
  };
}
