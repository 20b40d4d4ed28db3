// gRPC method definitions on protobuf-es messages, and calls on them, typed and with a deadline.
import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type * as grpc from '@grpc/grpc-js';

export type Method<I extends DescMessage, O extends DescMessage> = grpc.MethodDefinition<
  MessageShape<I>,
  MessageShape<O>
>;

/** Streams of the call; what grpc-js calls requestStream and responseStream. */
export type Kind = 'unary' | 'bidi';

/** grpc-js calls `.copy()` on what it is given, so it has to be a Buffer; this one shares the bytes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An already encoded message passes as it is: a push to many streams is encoded once. */
function serializer<D extends DescMessage>(schema: D): (message: MessageShape<D>) => Buffer {
  return (message) => (Buffer.isBuffer(message) ? message : asBuffer(toBinary(schema, message)));
}

export function defineMethod<I extends DescMessage, O extends DescMessage>(
  path: string,
  kind: Kind,
  input: I,
  output: O,
): Method<I, O> {
  return {
    path,
    requestStream: kind === 'bidi',
    responseStream: kind === 'bidi',
    requestSerialize: serializer(input),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: serializer(output),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

/** Messages of a method definition. */
export type RequestOf<M> = M extends grpc.MethodDefinition<infer I, infer _> ? I : never;
export type ResponseOf<M> = M extends grpc.MethodDefinition<infer _, infer O> ? O : never;

export function callUnary<I, O>(
  client: grpc.Client,
  method: grpc.MethodDefinition<I, O>,
  request: I,
  options: { readonly deadlineMs: number; readonly metadata?: grpc.Metadata },
): Promise<O> {
  return new Promise((resolve, reject) => {
    const done = (error: grpc.ServiceError | null, response?: O) => {
      if (error !== null) reject(error);
      else if (response === undefined) reject(new Error(`${method.path}: answered without a message`));
      else resolve(response);
    };
    const callOptions = { deadline: Date.now() + options.deadlineMs };
    const { path, requestSerialize, responseDeserialize } = method;
    if (options.metadata === undefined) {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, callOptions, done);
    } else {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options.metadata,
        callOptions,
        done,
      );
    }
  });
}

/** A long-lived stream has no deadline of its own: keepalive of the channel finds a dead peer. */
export function openStream<I, O>(
  client: grpc.Client,
  method: grpc.MethodDefinition<I, O>,
): grpc.ClientDuplexStream<I, O> {
  return client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
}
