// Header mutations as Envoy's header options: `set` overwrites, `add` appends, in this order, then names are removed.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HeaderMutation } from '@malha/traffic';
import {
  HeaderValueOption_HeaderAppendAction,
  type HeaderValueOptionSchema,
} from '@malha/xds/generated/envoy/config/core/v3/base_pb';

type HeaderOption = MessageInitShape<typeof HeaderValueOptionSchema>;

export interface HeaderFields {
  readonly add: HeaderOption[];
  readonly remove: string[];
}

export function headerFields(mutation: HeaderMutation): HeaderFields {
  const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  const option = (
    { name, value }: { name: string; value: string },
    appendAction: HeaderValueOption_HeaderAppendAction,
  ): HeaderOption => ({ header: { key: name, value }, appendAction, keepEmptyValue: true });
  return {
    add: [
      ...mutation.set.map((header) => option(header, OVERWRITE_IF_EXISTS_OR_ADD)),
      ...mutation.add.map((header) => option(header, APPEND_IF_EXISTS_OR_ADD)),
    ],
    remove: [...mutation.remove],
  };
}

export function requestHeaders(mutation: HeaderMutation) {
  const { add, remove } = headerFields(mutation);
  return { requestHeadersToAdd: add, requestHeadersToRemove: remove };
}

export function responseHeaders(mutation: HeaderMutation) {
  const { add, remove } = headerFields(mutation);
  return { responseHeadersToAdd: add, responseHeadersToRemove: remove };
}
