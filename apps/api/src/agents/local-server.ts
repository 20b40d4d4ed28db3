// A gRPC server without TLS, for programs on this machine only: plaintext xDS and the OTLP port of applications.
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';

const LOOPBACK = '127.0.0.1';
const MESSAGE_MAX_BYTES = 16 * 1024 * 1024;

export interface LocalServer {
  /** In use. */
  readonly port: number;
  close(): void;
}

export interface LocalService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export async function startLocalServer(port: number, services: readonly LocalService[]): Promise<LocalServer> {
  const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_MAX_BYTES });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${LOOPBACK}:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error) reject(error);
      else resolve(boundPort);
    });
  });
  return { port: bound, close: () => server.forceShutdown() };
}
