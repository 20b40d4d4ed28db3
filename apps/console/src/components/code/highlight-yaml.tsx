// Colours one line of YAML for reading; the editor has the real grammar.
import type { ReactNode } from 'react';

const LINE = /^(\s*(?:- )*)([^\s#:'"{}[\],][^:#]*?)(:)(\s.*|$)/;

function value(text: string): ReactNode {
  const comment = /(^|\s)#.*$/.exec(text);
  const body = comment === null ? text : text.slice(0, comment.index);
  const rest = comment === null ? '' : text.slice(comment.index);
  const isNumber = /^\s*-?\d[\w.]*\s*$/.test(body);
  return (
    <>
      <span style={{ color: isNumber ? 'var(--c-num)' : 'var(--c-str)' }}>{body}</span>
      {rest !== '' && <span style={{ color: 'var(--c-comment)' }}>{rest}</span>}
    </>
  );
}

export function highlightYaml(line: string): ReactNode {
  if (/^\s*#/.test(line)) return <span style={{ color: 'var(--c-comment)' }}>{line}</span>;
  const parts = LINE.exec(line);
  if (parts === null) {
    const item = /^(\s*- )(.*)$/.exec(line);
    return item === null ? value(line) : [item[1], <span key="value">{value(item[2] ?? '')}</span>];
  }
  const [, lead = '', key = '', colon = '', rest = ''] = parts;
  return (
    <>
      <span style={{ color: 'var(--c-punc)' }}>{lead}</span>
      <span style={{ color: 'var(--c-key)' }}>{key}</span>
      <span style={{ color: 'var(--c-punc)' }}>{colon}</span>
      {value(rest)}
    </>
  );
}
