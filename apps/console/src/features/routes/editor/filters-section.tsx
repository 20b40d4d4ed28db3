'use client';
// What a rule does to requests and responses: a row for each filter, of the rule and of single backends.
import { Plus } from 'lucide-react';
import type { ComponentType } from 'react';
import { Menu, MenuGroup, MenuItem } from '#components/ui/menu.tsx';
import {
  filterInWords,
  filterKindsOf,
  hindranceOf,
  isDirectResponse,
  kindOf,
  newFilter,
  pathInWords,
} from '../model/filters.ts';
import { FILTER_FIELDS, type FilterView } from '../model/view.ts';
import { versionOf } from '../model/words.ts';
import type { ValuePath } from '../model/write-value.ts';
import { ChipRemove } from './chip-field.tsx';
import { FieldFinding } from './field-findings.tsx';
import {
  AnswerFields,
  CorsFields,
  type FilterFieldsProps,
  HeaderFields,
  MirrorFields,
  RedirectFields,
  RewriteFields,
} from './filter-fields.tsx';
import { type RuleForm, setValue } from './rule-form.ts';

const fieldsOf: Readonly<Record<string, ComponentType<FilterFieldsProps>>> = {
  RequestHeaderModifier: HeaderFields,
  ResponseHeaderModifier: HeaderFields,
  URLRewrite: RewriteFields,
  RequestRedirect: RedirectFields,
  RequestMirror: MirrorFields,
  CORS: CorsFields,
  ExtensionRef: AnswerFields,
};

function isOnlyField({ body }: FilterView, [key, ...rest]: ValuePath): boolean {
  const value = body[String(key)];
  const isLastItem = rest.length === 0 || (rest.length === 1 && Array.isArray(value) && value.length === 1);
  return Object.keys(body).length === 1 && value !== undefined && isLastItem;
}

interface RowProps extends RuleForm {
  readonly filter: FilterView;
  readonly path: ValuePath;
  /** The backend it is for; undefined = all. */
  readonly backend: string | undefined;
}

function FilterRow({ filter, path, backend, ...form }: RowProps) {
  const { rule, isReadOnly, parent, kind: routeKind } = form;
  const kind = kindOf(filter.type);
  // Extensions of others are shown, and edited in the YAML.
  const isForeign = filter.type === 'ExtensionRef' && !isDirectResponse(filter.body);
  const Fields = isForeign ? undefined : fieldsOf[filter.type];
  const field = FILTER_FIELDS[filter.type] ?? '';
  const name = `${kind?.name ?? filter.type}${backend === undefined ? '' : ` of ${backend}`}`;
  return (
    <>
      <span className="min-w-0 self-start pt-1 text-t2" title={filter.type}>
        {kind?.name ?? 'Filter'}
        {backend !== undefined && <span className="mono block truncate text-11 text-t3">{backend} only</span>}
      </span>
      <fieldset className="flex min-w-0 flex-wrap items-center gap-1.5" aria-label={name} data-testid="filter">
        {Fields === undefined ? (
          <span className="text-t2">{filterInWords(filter)}, edited in the YAML</span>
        ) : (
          <Fields
            body={filter.body}
            parent={parent}
            isReadOnly={isReadOnly}
            set={(inner, value) => {
              const at = [...path, field, ...inner];
              // Settings that say nothing are still settings: without them the filter would be incomplete.
              if (value === undefined && isOnlyField(filter, inner)) setValue(form, [...path, field], {});
              else setValue(form, at, value);
            }}
          />
        )}
        {!isReadOnly && (
          <span className="chip border-transparent! bg-transparent!">
            <ChipRemove label={`Remove: ${name}`} onClick={() => setValue(form, path, undefined)} />
          </span>
        )}
        <FieldFinding place={{ kind: routeKind, path: pathInWords(rule.index, path) }} />
      </fieldset>
    </>
  );
}

function AddFilter(form: RuleForm) {
  const { rule, parent, edit } = form;
  const kinds = filterKindsOf(form.kind);
  const used = new Set(rule.backends.filter((backend) => backend.weight > 0).map(versionOf));
  const mirrorTo = parent?.versions.find((version) => !used.has(version)) ?? parent?.versions[0];
  const add = (type: string, path: ValuePath) => {
    const target =
      mirrorTo === undefined
        ? { group: '', kind: 'Service', name: parent?.name ?? '', port: parent?.port }
        : { group: 'malha.dev', kind: 'ServiceVersion', name: `${parent?.name}-${mirrorTo}`, port: parent?.port };
    const key = `add:${rule.index}:${path.join('.')}`;
    edit({ type: 'set-value', rule: rule.index, path, value: newFilter(type, target) }, key);
    // A redirect answers by itself: with backends beside it the route would be refused.
    if (type === 'RequestRedirect' && path[0] === 'filters')
      edit({ type: 'set-value', rule: rule.index, path: ['backendRefs'], value: undefined }, key);
  };
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="add justify-self-start">
          <Plus aria-hidden="true" />
          action
        </button>
      }
    >
      {kinds.map(({ type, add: words }) => {
        const hindrance = hindranceOf(type, rule.filters);
        return (
          <MenuItem
            key={type}
            disabled={hindrance !== undefined}
            hint={hindrance}
            onSelect={() => add(type, ['filters', rule.filters.length])}
          >
            {words}
          </MenuItem>
        );
      })}
      {rule.backends.map((backend, at) => (
        <MenuGroup key={backend.name} label={`Only for ${versionOf(backend)}`}>
          {kinds.map(({ type, add: words }) => (
            <MenuItem
              key={type}
              disabled={hindranceOf(type, backend.filters) !== undefined}
              hint={hindranceOf(type, backend.filters)}
              onSelect={() => add(type, ['backendRefs', at, 'filters', backend.filters.length])}
            >
              {words}
            </MenuItem>
          ))}
        </MenuGroup>
      ))}
    </Menu>
  );
}

export function FiltersSection(form: RuleForm) {
  const { rule, isReadOnly } = form;
  return (
    <>
      {rule.filters.map((filter, index) => (
        <FilterRow
          // biome-ignore lint/suspicious/noArrayIndexKey: filters have no name, their place is what they are
          key={`${filter.type}-${index}`}
          {...form}
          filter={filter}
          path={['filters', index]}
          backend={undefined}
        />
      ))}
      {rule.backends.flatMap((backend, at) =>
        backend.filters.map((filter, index) => (
          <FilterRow
            // biome-ignore lint/suspicious/noArrayIndexKey: filters have no name, their place is what they are
            key={`${backend.name}-${filter.type}-${index}`}
            {...form}
            filter={filter}
            path={['backendRefs', at, 'filters', index]}
            backend={versionOf(backend)}
          />
        )),
      )}
      {!isReadOnly && (
        <>
          <span className="text-t2">Do</span>
          <AddFilter {...form} />
        </>
      )}
    </>
  );
}
