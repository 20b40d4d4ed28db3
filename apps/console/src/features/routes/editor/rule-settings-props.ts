// What the settings of a rule are drawn from, and where they write.
import type { PolicyView } from '../model/policies.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import type { RuleForm } from './rule-form.ts';

export interface RuleSettingsProps extends RuleForm {
  readonly routePolicy: PolicyView | undefined;
  readonly trafficPolicy: PolicyView | undefined;
  readonly setPolicy: (kind: 'RoutePolicy' | 'TrafficPolicy', path: ValuePath, value: Value | undefined) => void;
}
