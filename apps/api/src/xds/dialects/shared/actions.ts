// Redirects, fixed answers and rewrites as Envoy's route actions.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DirectResponseAction, Mirror, RedirectAction } from '@malha/traffic';
import {
  RedirectAction_RedirectResponseCode as Code,
  type DirectResponseActionSchema,
  type RedirectActionSchema,
  type RouteAction_RequestMirrorPolicySchema,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { FractionalPercent_DenominatorType } from '@malha/xds/generated/envoy/type/v3/percent_pb';
import { UnencodableError } from '../dialect.ts';

const REDIRECT_CODES: ReadonlyMap<number, Code> = new Map([
  [301, Code.MOVED_PERMANENTLY],
  [302, Code.FOUND],
  [303, Code.SEE_OTHER],
  [307, Code.TEMPORARY_REDIRECT],
  [308, Code.PERMANENT_REDIRECT],
]);

export function redirectAction(action: RedirectAction, route: string): MessageInitShape<typeof RedirectActionSchema> {
  const responseCode = REDIRECT_CODES.get(action.status);
  if (responseCode === undefined) throw new UnencodableError(route, 'redirect.status', `${action.status} is none`);
  return {
    responseCode,
    ...(action.scheme !== undefined && {
      schemeRewriteSpecifier: { case: 'schemeRedirect' as const, value: action.scheme },
    }),
    ...(action.host !== undefined && { hostRedirect: action.host }),
    ...(action.port !== undefined && { portRedirect: action.port }),
    ...(action.path !== undefined && {
      pathRewriteSpecifier:
        action.path.type === 'full'
          ? { case: 'pathRedirect' as const, value: action.path.value }
          : { case: 'prefixRewrite' as const, value: action.path.value || '/' },
    }),
  };
}

export function directResponse(action: DirectResponseAction): MessageInitShape<typeof DirectResponseActionSchema> {
  if (action.body === '') return { status: action.status };
  return { status: action.status, body: { specifier: { case: 'inlineString', value: action.body } } };
}

/** A copy keeps the host of the request: the backend sees what the other one sees. */
export function mirrorPolicies(
  mirrors: readonly Mirror[] | undefined,
): MessageInitShape<typeof RouteAction_RequestMirrorPolicySchema>[] {
  return (mirrors ?? []).map(({ cluster, perMillion }) => ({
    cluster,
    runtimeFraction: {
      defaultValue: { numerator: perMillion, denominator: FractionalPercent_DenominatorType.MILLION },
    },
    disableShadowHostSuffixAppend: true,
  }));
}

/** In a substitution a backslash begins a reference to a group. */
export function literalSubstitution(text: string): string {
  return text.replaceAll('\\', '\\\\');
}
