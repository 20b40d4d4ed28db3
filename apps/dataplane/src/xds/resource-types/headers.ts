// Header options -> HeaderMutation.
import type { HeaderMutation, HeaderValue } from '@malha/traffic';
import {
  HeaderValueOption_HeaderAppendAction as Append,
  type HeaderValueOption,
  HeaderValueOptionSchema,
  HeaderValueSchema,
} from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import { onlyFields, ResourceError, required } from './strict.ts';

const checkOption = onlyFields(HeaderValueOptionSchema, ['header', 'appendAction', 'keepEmptyValue']);
const checkHeader = onlyFields(HeaderValueSchema, ['key', 'value']);

export function headerMutation(
  options: readonly HeaderValueOption[],
  remove: readonly string[],
  path: string,
): HeaderMutation {
  const set: HeaderValue[] = [];
  const add: HeaderValue[] = [];
  options.forEach((option, index) => {
    const at = `${path}[${index}]`;
    checkOption(option, at);
    const header = required(option.header, `${at}.header`);
    checkHeader(header, `${at}.header`);
    const value = { name: header.key.toLowerCase(), value: header.value };
    switch (option.appendAction) {
      case Append.OVERWRITE_IF_EXISTS_OR_ADD:
        set.push(value);
        break;
      case Append.APPEND_IF_EXISTS_OR_ADD:
        add.push(value);
        break;
      default:
        throw new ResourceError(`${at}.append_action`, `${Append[option.appendAction]} is not supported by this proxy`);
    }
  });
  return { set, add, remove: remove.map((name) => name.toLowerCase()) };
}
