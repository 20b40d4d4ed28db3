// Redirects in Envoy's terms: it prints a usual port that it is given, and replaces prefixes text for text.
import { create } from '@bufbuild/protobuf';
import type { PathMatch, RedirectAction } from '@malha/traffic';
import {
  RedirectActionSchema,
  type RedirectAction as WireRedirect,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { RegexMatchAndSubstituteSchema } from '@malha/xds/generated/envoy/type/matcher/v3/regex_pb';
import { redirectAction } from '../shared/actions.ts';
import { prefixSubstitution } from './rewrites.ts';

const USUAL_PORTS = { http: 80, https: 443 } as const;

export function redirectMessage(action: RedirectAction, matched: PathMatch, route: string): WireRedirect {
  const { port, ...withoutPort } = action;
  // Requests come in plaintext: without a scheme in the redirect it stays http.
  const isUsual = port === USUAL_PORTS[action.scheme ?? 'http'];
  const message = create(RedirectActionSchema, redirectAction(isUsual ? withoutPort : action, route));
  if (action.path?.type === 'prefix') {
    const substitution = prefixSubstitution(action.path.value, matched);
    message.pathRewriteSpecifier =
      substitution === undefined
        ? { case: undefined }
        : { case: 'regexRewrite', value: create(RegexMatchAndSubstituteSchema, substitution) };
  }
  return message;
}
