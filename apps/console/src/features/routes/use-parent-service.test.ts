import { describe, expect, it } from 'vitest';
import { readService } from './use-parent-service.ts';

describe('readService', () => {
  it('reads the first port and the declared versions', () => {
    const yaml = 'spec:\n  ports: [{port: 80}, {port: 81}]\n  versions: [{name: v1}, {name: v2}]\n';
    expect(readService(yaml)).toEqual({ port: 80, versions: ['v1', 'v2'] });
  });

  it('says what is not declared', () => {
    expect(readService('spec: {}\n')).toEqual({ port: undefined, versions: undefined });
    expect(readService('')).toEqual({ port: undefined, versions: undefined });
  });
});
