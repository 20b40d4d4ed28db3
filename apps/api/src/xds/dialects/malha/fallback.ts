// Hedging and fallback of a route -> malha.extensions.v1.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FallbackConfig, ForwardAction } from '@malha/traffic';
import { FALLBACK_CONFIG, HEDGING_CONFIG } from '@malha/xds/extension-names';
import { FallbackSchema, HedgingSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { type Entries, pack } from './route-extensions.ts';

export function resilienceExtensions({ hedging, fallback }: ForwardAction): Entries {
  return {
    ...(hedging !== undefined && { [HEDGING_CONFIG]: pack(HedgingSchema, hedging) }),
    ...(fallback !== undefined && {
      [FALLBACK_CONFIG]: pack(FallbackSchema, { on: [...fallback.on], target: target(fallback.to) }),
    }),
  };
}

function target(to: FallbackConfig['to']): NonNullable<MessageInitShape<typeof FallbackSchema>['target']> {
  switch (to.type) {
    case 'backend':
      return { case: 'cluster', value: to.cluster };
    case 'static': {
      const { status, body, headers } = to;
      return { case: 'answer', value: { status, body, headers: headers.map((header) => ({ ...header })) } };
    }
    case 'last-good': {
      const { maxAgeMs, maxEntries, maxBytes } = to;
      return { case: 'lastGood', value: { maxAgeMs, maxEntries, maxBytes } };
    }
  }
}
