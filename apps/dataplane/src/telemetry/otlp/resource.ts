// The OTLP resource: which proxy instance these metrics and spans are from.
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { attribute, message } from './wire.ts';

export interface TelemetryResource {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  /** Name of the workload in its namespace. */
  readonly workload: string;
  /** New for every process: counts of one instance and start time only grow. */
  readonly instanceId: string;
  readonly startTimeMs: number;
}

const RESOURCE = 1;
const RESOURCE_ATTRIBUTES = 1;
const SCOPE = 1;
const SCOPE_NAME = 1;

export function writeResource(writer: BinaryWriter, resource: TelemetryResource): void {
  message(writer, RESOURCE, (body) => {
    attribute(body, RESOURCE_ATTRIBUTES, 'service.name', resource.service);
    attribute(body, RESOURCE_ATTRIBUTES, 'service.namespace', resource.namespace);
    attribute(body, RESOURCE_ATTRIBUTES, 'service.version', resource.version);
    attribute(body, RESOURCE_ATTRIBUTES, 'service.instance.id', resource.instanceId);
    attribute(body, RESOURCE_ATTRIBUTES, 'malha.workload', `${resource.namespace}/${resource.workload}`);
    attribute(body, RESOURCE_ATTRIBUTES, 'malha.start_time_ms', resource.startTimeMs);
  });
}

export function writeScope(writer: BinaryWriter): void {
  message(writer, SCOPE, (body) => body.tag(SCOPE_NAME, 2).string('malha'));
}
