'use client';
// Adds a target to a rule: a version of the services that it names already, or any service of the namespace.
import { Plus } from 'lucide-react';
import { Menu, MenuGroup, MenuItem } from '#components/ui/menu.tsx';
import type { BackendTarget } from '../model/edit.ts';
import { serviceOf } from '../model/words.ts';
import { type BackendChoice, serviceTarget, useBackendChoices, versionTarget } from '../use-backend-choices.ts';
import type { RuleForm } from './rule-form.ts';

const SHOWN_MAX = 40;

/** Services whose versions are offered one by one: the parent and those that the rule sends to. */
function near(choices: readonly BackendChoice[], { rule, parent }: RuleForm): readonly BackendChoice[] {
  const names = new Set([...(parent === undefined ? [] : [parent.name]), ...rule.backends.map(serviceOf)]);
  return choices.filter(({ service, versions }) => names.has(service) && versions.length > 0);
}

export function AddTarget({ namespace, form }: { readonly namespace: string; readonly form: RuleForm }) {
  const { rule, edit } = form;
  const choices = useBackendChoices(namespace);
  const used = new Set(rule.backends.map(({ kind, name }) => `${kind} ${name}`));
  const add = (target: BackendTarget) => edit({ type: 'add-backend', rule: rule.index, target });
  const versions = near(choices, form).map((choice) => ({
    ...choice,
    versions: choice.versions.filter((version) => !used.has(`ServiceVersion ${choice.service}-${version}`)),
  }));
  const services = choices.filter(({ service }) => !used.has(`Service ${service}`)).slice(0, SHOWN_MAX);
  if (services.length === 0 && versions.every((choice) => choice.versions.length === 0)) return null;
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="add">
          <Plus aria-hidden="true" />
          {rule.backends.length === 0 ? 'send to' : 'split'}
        </button>
      }
    >
      {versions
        .filter((choice) => choice.versions.length > 0)
        .map((choice) => (
          <MenuGroup key={choice.service} label={`Versions of ${choice.service}`}>
            {choice.versions.map((version) => (
              <MenuItem key={version} onSelect={() => add(versionTarget(choice.service, version, choice.port))}>
                <span className="font-mono">{version}</span>
              </MenuItem>
            ))}
          </MenuGroup>
        ))}
      <MenuGroup label="Services">
        {services.map(({ service, port }) => (
          <MenuItem key={service} onSelect={() => add(serviceTarget(service, port))}>
            <span className="font-mono">{service}</span>
          </MenuItem>
        ))}
      </MenuGroup>
    </Menu>
  );
}
