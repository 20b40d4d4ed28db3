// What a proxy should hold: compiled and planned anew from the world, past the server and its streams.
import { compile, type World } from '@malha/policies';
import { type DialectContext, encodePlan } from '../../../../apps/api/src/xds/dialects/dialect.ts';
import { envoyDialect } from '../../../../apps/api/src/xds/dialects/envoy/index.ts';
import type { Member } from '../stage.ts';
import type { ToJson } from './message-json.ts';
import type { ConfigResource } from './resource.ts';

export function wantedOf(world: World, member: Member, context: DialectContext, toJson: ToJson): ConfigResource[] {
  const [namespace = '', workload = ''] = member.split('/');
  const { config } = compile(world, { namespace, workload });
  return envoyDialect.plan(config, context).map((plan) => {
    const { typeUrl, name, any } = encodePlan(plan);
    return { typeUrl, name, json: toJson(typeUrl, any) };
  });
}
