// Messages of xDS in the JSON that Envoy's admin interface prints: names of fields as in the protos, every Any opened.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  create,
  createFileRegistry,
  createRegistry,
  type DescFile,
  fromBinary,
  type JsonObject,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** An empty message that the dialect sends by its name alone: no installed package has its proto. */
const PREVIOUS_HOSTS = create(FileDescriptorProtoSchema, {
  name: 'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
  package: 'envoy.extensions.retry.host.previous_hosts.v3',
  messageType: [{ name: 'PreviousHostsPredicate' }],
  syntax: 'proto3',
});

export type ToJson = (typeUrl: string, bytes: Uint8Array) => JsonObject;

/** Knows all generated messages. Throws for a type that is none of them, also within an Any. */
export async function messageJson(): Promise<ToJson> {
  const registry = await generatedMessages();
  return (typeUrl, bytes) => {
    const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
    if (schema === undefined) throw new Error(`${typeUrl} is no generated message`);
    return toJson(schema, fromBinary(schema, bytes), { registry, useProtoFieldName: true }) as JsonObject;
  };
}

async function generatedMessages(): Promise<Registry> {
  const entry = createRequire(import.meta.url).resolve('@malha/xds');
  const root = path.join(path.dirname(entry), 'generated');
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('_pb.ts'));
  const modules = await Promise.all(names.map((name) => import(pathToFileURL(path.join(root, name)).href)));
  const files = modules.flatMap((exported: object) => Object.values(exported).filter(isFile));
  return createRegistry(
    ...files,
    createFileRegistry(PREVIOUS_HOSTS, () => undefined),
  );
}

function isFile(value: unknown): value is DescFile {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'file';
}
