// Session persistence for Envoy: a filter that does nothing but for routes with a session. Its token is the endpoint's address.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Any, durationFromMs } from '@bufbuild/protobuf/wkt';
import type { SessionConfig } from '@malha/traffic';
import {
  StatefulSessionPerRouteSchema,
  StatefulSessionSchema,
} from '@malha/xds/generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb';
import type { HttpFilterSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { CookieBasedSessionStateSchema } from '@malha/xds/generated/envoy/extensions/http/stateful_session/cookie/v3/cookie_pb';
import { HeaderBasedSessionStateSchema } from '@malha/xds/generated/envoy/extensions/http/stateful_session/header/v3/header_pb';
import { pack, typed } from './types.ts';

/** Name of the filter, and key of its settings for a route. */
const SESSION_FILTER = 'envoy.filters.http.stateful_session';
const MS_PER_SECOND = 1000;

export function sessionFilter(): MessageInitShape<typeof HttpFilterSchema> {
  return { name: SESSION_FILTER, configType: typed(StatefulSessionSchema, {}) };
}

/** Settings of a route, by the filter's name; nothing when it has no session. */
export function sessionOf(session: SessionConfig | undefined): Record<string, Any> {
  if (session === undefined) return {};
  const statefulSession = { sessionState: sessionState(session) };
  return {
    [SESSION_FILTER]: pack(StatefulSessionPerRouteSchema, {
      override: { case: 'statefulSession', value: statefulSession },
    }),
  };
}

/** Envoy adds HttpOnly by itself. */
function sessionState({ type, name, maxAgeSeconds }: SessionConfig) {
  if (type === 'header') {
    return {
      name: 'envoy.http.stateful_session.header',
      typedConfig: pack(HeaderBasedSessionStateSchema, { name }),
    };
  }
  const ttl = maxAgeSeconds > 0 ? { ttl: durationFromMs(maxAgeSeconds * MS_PER_SECOND) } : {};
  return {
    name: 'envoy.http.stateful_session.cookie',
    typedConfig: pack(CookieBasedSessionStateSchema, { cookie: { name, path: '/', ...ttl } }),
  };
}
