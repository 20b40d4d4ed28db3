// Before joining, nothing is trusted but a pin: gets the chain that the join port presents and finds the pinned root in it.
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import type { HostPort } from '@malha/cli/option-types';
import { spkiPin, toPem } from '@malha/identity';
import { AgentError } from '../errors.ts';

const TIMEOUT_MS = 5_000;
const CHAIN_LENGTH_MAX = 8;

/**
 * PEM of the root whose key the pin names. The connection made here carries nothing and proves nothing: the caller
 * connects again and verifies fully against this root, so a chain that only shows the root gains nothing.
 */
export async function fetchPinnedRoot(server: HostPort, pin: string): Promise<string> {
  const chain = await presentedChain(server);
  const root = chain.find((certificate) => certificate.ca && spkiPin(certificate) === pin);
  if (root === undefined) {
    throw new AgentError(
      'MALHA4903',
      `${server.host}:${server.port} does not present the root with the pin ${pin}: wrong address, wrong pin, or not the control plane`,
    );
  }
  return toPem('CERTIFICATE', root.raw);
}

function presentedChain(server: HostPort): Promise<readonly X509Certificate[]> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: server.host,
      port: server.port,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
      timeout: TIMEOUT_MS,
    });
    const fail = (cause: Error) => {
      socket.destroy();
      reject(
        new AgentError('MALHA4902', `the control plane at ${server.host}:${server.port} could not be reached`, {
          cause,
        }),
      );
    };
    socket.once('timeout', () => fail(new Error(`no TLS handshake within ${TIMEOUT_MS} ms`)));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const chain: X509Certificate[] = [];
      let current = socket.getPeerCertificate(true);
      while (current?.raw !== undefined && chain.length < CHAIN_LENGTH_MAX) {
        chain.push(new X509Certificate(current.raw));
        // A root is its own issuer.
        if (current.issuerCertificate === current) break;
        current = current.issuerCertificate;
      }
      socket.destroy();
      resolve(chain);
    });
  });
}
