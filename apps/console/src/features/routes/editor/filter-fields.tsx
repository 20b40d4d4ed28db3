'use client';
// The fields of each filter as rows of chips.
import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Body, numberAt, recordAt, recordsAt, targetFields, textAt, textsAt } from '../model/filters.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import type { ParentService } from '../use-parent-service.ts';
import { ChipParsed, ChipRemove, ChipSelect, ChipText, listFormat, numberFormat } from './chip-field.tsx';

export interface FilterFieldsProps {
  readonly body: Body;
  readonly parent: ParentService | undefined;
  readonly isReadOnly: boolean;
  /** Writes a field of the filter's settings. */
  readonly set: (path: ValuePath, value: Value | undefined) => void;
}

const PORT_MAX = 65_535;
const SECONDS_MAX = 2_147_483_647;

function Chip({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <span className="chip">
      <span className="chip-key">{label}</span>
      {children}
    </span>
  );
}

function Add({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" className="add" onClick={onClick}>
      <Plus aria-hidden="true" />
      {label}
    </button>
  );
}

const orNothing = (text: string): string | undefined => (text === '' ? undefined : text);

export function HeaderFields({ body, isReadOnly, set }: FilterFieldsProps) {
  const removed = textsAt(body, 'remove');
  const lists = (['set', 'add'] as const).map((verb) => ({ verb, headers: recordsAt(body, verb) }));
  return (
    <>
      {lists.flatMap(({ verb, headers }) =>
        headers.map((header, index) => {
          const name = textAt(header, 'name');
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the key must not change while its text is typed
            <Chip key={`${verb}-${index}`} label={verb}>
              <ChipText
                label={`Name of the header to ${verb}`}
                placeholder="name"
                value={name}
                isReadOnly={isReadOnly}
                onChange={(next) => set([verb, index, 'name'], next.trim())}
              />
              <ChipText
                label={`Value of the header ${name} to ${verb}`}
                placeholder="value"
                value={textAt(header, 'value')}
                isReadOnly={isReadOnly}
                onChange={(next) => set([verb, index, 'value'], next)}
              />
              {!isReadOnly && (
                <ChipRemove label={`Do not ${verb} ${name}`} onClick={() => set([verb, index], undefined)} />
              )}
            </Chip>
          );
        }),
      )}
      {removed.map((name, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the key must not change while its text is typed
        <Chip key={`remove-${index}`} label="remove">
          <ChipText
            label="Name of the header to remove"
            placeholder="name"
            value={name}
            isReadOnly={isReadOnly}
            onChange={(next) => set(['remove', index], next.trim())}
          />
          {!isReadOnly && (
            <ChipRemove label={`Do not remove ${name}`} onClick={() => set(['remove', index], undefined)} />
          )}
        </Chip>
      ))}
      {!isReadOnly && (
        <>
          {lists.map(({ verb, headers }) => (
            <Add key={verb} label={verb} onClick={() => set([verb, headers.length], { name: '', value: '' })} />
          ))}
          <Add label="remove" onClick={() => set(['remove', removed.length], '')} />
        </>
      )}
    </>
  );
}

const PATH_TYPES = [
  { value: '', label: 'as it is' },
  { value: 'ReplacePrefixMatch', label: 'replace prefix' },
  { value: 'ReplaceFullPath', label: 'replace all' },
];

function PathModifier({ body, isReadOnly, set }: FilterFieldsProps) {
  const path = recordAt(body, 'path');
  const type = textAt(path, 'type');
  const field = type === 'ReplaceFullPath' ? 'replaceFullPath' : 'replacePrefixMatch';
  const text = textAt(path, 'replaceFullPath') || textAt(path, 'replacePrefixMatch') || '/';
  const choose = (next: string) => {
    if (next === '') return set(['path'], undefined);
    const key = next === 'ReplaceFullPath' ? 'replaceFullPath' : 'replacePrefixMatch';
    set(['path'], { type: next, [key]: text });
  };
  return (
    <Chip label="path">
      <ChipSelect
        label="How the path is changed"
        value={type}
        options={PATH_TYPES}
        isReadOnly={isReadOnly}
        onChange={choose}
      />
      {type !== '' && (
        <ChipText
          label="New path"
          placeholder="/"
          value={textAt(path, field)}
          isReadOnly={isReadOnly}
          onChange={(next) => set(['path', field], next.trim())}
        />
      )}
    </Chip>
  );
}

function Host({ body, isReadOnly, set }: FilterFieldsProps) {
  return (
    <Chip label="host">
      <ChipText
        label="New host"
        placeholder="as it is"
        value={textAt(body, 'hostname')}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['hostname'], orNothing(next.trim()))}
      />
    </Chip>
  );
}

export function RewriteFields(props: FilterFieldsProps) {
  return (
    <>
      <Host {...props} />
      <PathModifier {...props} />
    </>
  );
}

const STATUSES = [301, 302, 303, 307, 308].map((status) => ({ value: String(status), label: String(status) }));
const SCHEMES = [
  { value: '', label: 'as it is' },
  { value: 'https', label: 'https' },
  { value: 'http', label: 'http' },
];

export function RedirectFields(props: FilterFieldsProps) {
  const { body, isReadOnly, set } = props;
  return (
    <>
      <Chip label="answer">
        <ChipSelect
          label="Status of the redirect"
          value={textAt(body, 'statusCode') || '302'}
          options={STATUSES}
          isReadOnly={isReadOnly}
          onChange={(next) => set(['statusCode'], Number(next))}
        />
      </Chip>
      <Chip label="scheme">
        <ChipSelect
          label="Scheme of the redirect"
          value={textAt(body, 'scheme')}
          options={SCHEMES}
          isReadOnly={isReadOnly}
          onChange={(next) => set(['scheme'], orNothing(next))}
        />
      </Chip>
      <Host {...props} />
      <Chip label="port">
        <ChipParsed
          label="Port of the redirect"
          placeholder="by scheme"
          value={numberAt(body, 'port')}
          {...numberFormat(PORT_MAX)}
          isReadOnly={isReadOnly}
          onChange={(next) => set(['port'], next)}
        />
      </Chip>
      <PathModifier {...props} />
    </>
  );
}

export function MirrorFields({ body, parent, isReadOnly, set }: FilterFieldsProps) {
  const target = recordAt(body, 'backendRef');
  const name = textAt(target, 'name');
  const versions = parent?.versions ?? [];
  const options = versions.map((version) => ({ value: `${parent?.name}-${version}`, label: version }));
  const hasFraction = body.fraction !== undefined;
  return (
    <>
      <Chip label="to">
        <ChipSelect
          label="Version that gets the copies"
          value={name}
          options={options}
          isReadOnly={isReadOnly}
          onChange={(next) =>
            set(
              ['backendRef'],
              targetFields({
                group: 'malha.dev',
                kind: 'ServiceVersion',
                name: next,
                port: numberAt(target, 'port') ?? parent?.port,
              }),
            )
          }
        />
      </Chip>
      {hasFraction ? (
        <span className="text-12 text-t2">a fraction, in the YAML</span>
      ) : (
        <Chip label="percent">
          <ChipParsed
            label="Percent of requests that are mirrored"
            placeholder="100"
            value={numberAt(body, 'percent')}
            {...numberFormat(100)}
            isReadOnly={isReadOnly}
            onChange={(next) => set(['percent'], next)}
          />
        </Chip>
      )}
      <span className="text-11 text-t3">copies only: the caller waits for none of them</span>
    </>
  );
}

const CORS_LISTS = [
  { key: 'allowOrigins', label: 'origins', name: 'Allowed origins', placeholder: 'https://shop.example' },
  { key: 'allowMethods', label: 'methods', name: 'Allowed methods', placeholder: 'none' },
  { key: 'allowHeaders', label: 'headers', name: 'Allowed headers', placeholder: 'none' },
  { key: 'exposeHeaders', label: 'expose', name: 'Exposed headers', placeholder: 'none' },
] as const;

export function CorsFields({ body, isReadOnly, set }: FilterFieldsProps) {
  return (
    <>
      {CORS_LISTS.map(({ key, label, name, placeholder }) => (
        <Chip key={key} label={label}>
          <ChipParsed
            label={name}
            placeholder={placeholder}
            value={textsAt(body, key)}
            {...listFormat}
            isReadOnly={isReadOnly}
            onChange={(next) => set([key], next.length === 0 ? undefined : [...next])}
          />
        </Chip>
      ))}
      <Chip label="credentials">
        <ChipSelect
          label="Credentials of the browser"
          value={body.allowCredentials === true ? 'true' : ''}
          options={[
            { value: '', label: 'no' },
            { value: 'true', label: 'allowed' },
          ]}
          isReadOnly={isReadOnly}
          onChange={(next) => set(['allowCredentials'], next === 'true' ? true : undefined)}
        />
      </Chip>
      <Chip label="max age">
        <ChipParsed
          label="Seconds that a browser keeps the answer"
          placeholder="5 s default"
          value={numberAt(body, 'maxAge')}
          {...numberFormat(SECONDS_MAX)}
          isReadOnly={isReadOnly}
          onChange={(next) => set(['maxAge'], next)}
        />
      </Chip>
    </>
  );
}

/** The DirectResponse, of the namespace of the route, that says what is answered. */
export function AnswerFields({ body, isReadOnly, set }: FilterFieldsProps) {
  return (
    <Chip label="by">
      <ChipText
        label="Name of the DirectResponse"
        placeholder="name of a DirectResponse"
        value={textAt(body, 'name')}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['name'], next.trim())}
      />
    </Chip>
  );
}
