// How many proxies of the operator stand before a gateway: an annotation, as the Gateway API has no field for it.
import { type Finding, type GatewayResource, TRUSTED_HOPS_ANNOTATION } from '@malha/model';
import { report } from '../report.ts';

/** More proxies in a row than anybody has; a larger number is a mistake. */
const HOPS_MAX = 16;

/** Undefined when it is not said, or not so that it can be followed: then nobody is believed. */
export function trustedHopsOf({ metadata }: GatewayResource): number | undefined {
  const text = metadata.annotations?.[TRUSTED_HOPS_ANNOTATION];
  if (text === undefined || !/^\d{1,2}$/.test(text)) return undefined;
  const hops = Number(text);
  return hops <= HOPS_MAX ? hops : undefined;
}

export function trustedHopsFindings(resource: GatewayResource): Finding[] {
  const text = resource.metadata.annotations?.[TRUSTED_HOPS_ANNOTATION];
  if (text === undefined || trustedHopsOf(resource) !== undefined) return [];
  const message = `"${text}" is no number of 0 to ${HOPS_MAX}: no proxy before the gateway is believed.`;
  return [report('MALHA1070', resource, `metadata.annotations["${TRUSTED_HOPS_ANNOTATION}"]`, message)];
}
