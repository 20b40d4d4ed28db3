import { describe, expect, it } from 'vitest';
import { HeaderBlock } from '../exchange/header-block.ts';
import { RequestHead } from '../exchange/request-head.ts';
import { grpcTimeoutMs } from './grpc-timeout.ts';

describe('grpcTimeoutMs', () => {
  const call = (headers: readonly string[], takesTrailers = true) =>
    grpcTimeoutMs(new RequestHead('POST', 'app', '/a.B/C', HeaderBlock.fromList(headers), -1, '', takesTrailers));
  const GRPC = ['content-type', 'application/grpc+proto'];

  it('is of calls only, and of one well-formed value', () => {
    expect(call([...GRPC, 'grpc-timeout', '100m'])).toBe(100);
    expect(call([...GRPC])).toBeUndefined();
    expect(call([...GRPC, 'grpc-timeout', '100'])).toBeUndefined();
    expect(call([...GRPC, 'grpc-timeout', '100m', 'grpc-timeout', '1H'])).toBeUndefined();
    expect(call(['content-type', 'application/json', 'grpc-timeout', '100m'])).toBeUndefined();
    expect(call([...GRPC, 'grpc-timeout', '100m'], false)).toBeUndefined();
  });

  it('is nothing beyond a day', () => {
    expect(call([...GRPC, 'grpc-timeout', '24H'])).toBe(86_400_000);
    expect(call([...GRPC, 'grpc-timeout', '25H'])).toBeUndefined();
  });
});
