import { describe, expect, it } from 'vitest';
import type { RunnableStored } from '../../../../shared/contracts/entities/provisioner.ts';
import { compileStep } from '../../../../shared/packer/provisioners/registry.ts';
import { serializeTemplate } from '../../../../shared/packer/serialize.ts';
import { file, powershell, shell } from './fixtures.ts';

const compiled = (provisioner: RunnableStored, isLast = false) => {
  const {
    type,
    body,
    file: written,
  } = compileStep(provisioner, {
    index: 12,
    isLast,
    environment: { B: 'two', A: "it's ${one}" },
    secretEnvironment: { TOKEN: 'secret_1', AA: 'secret_2' },
  });
  const fields: unknown = JSON.parse(serializeTemplate(body));
  return { type, fields, written };
};

describe('a shell step', () => {
  it('runs its file with its environment, secrets as variables, sorted by name', () => {
    const { type, fields, written } = compiled(shell());
    expect(type).toBe('shell');
    expect(fields).toEqual({
      script: 'steps/012.sh',
      binary: true,
      environment_vars: ["A=it's $${one}", 'AA=${var.secret_2}', 'B=two', 'TOKEN=${var.secret_1}'],
      use_env_var_file: true,
      execute_command: '. {{ .EnvVarFile }} && rm -f {{ .EnvVarFile }} && {{ .Path }}',
    });
    expect(written.path).toBe('steps/012.sh');
  });

  it.each([
    ['#!/usr/bin/perl\n', undefined, '{{ .Path }}'],
    ['echo 1\n', undefined, '/bin/sh -e {{ .Path }}'],
    ['echo 1\n', 'root' as const, 'sudo -n -E /bin/sh -e {{ .Path }}'],
    ['#!/bin/bash\n', 'root' as const, 'sudo -n -E {{ .Path }}'],
    ['#!/bin/bash\n', 'login-user' as const, '{{ .Path }}'],
  ])('runs %j as %s by %s', (script, runAs, command) => {
    expect(compiled(shell({ script, ...(runAs === undefined ? {} : { runAs }) })).fields).toMatchObject({
      execute_command: `. {{ .EnvVarFile }} && rm -f {{ .EnvVarFile }} && ${command}`,
    });
  });

  it('has time limit, pause, retries and exit codes (S78)', () => {
    const limits = { timeoutSeconds: 90, pauseBeforeSeconds: 0, retries: 2, validExitCodes: [0, 3] };
    expect(compiled(shell(limits)).fields).toMatchObject({
      timeout: '90s',
      pause_before: '0s',
      max_retries: 2,
      valid_exit_codes: [0, 3],
    });
  });

  it('may shut the machine down at the end, and restart it before (S111)', () => {
    expect(compiled(shell({ expectDisconnect: true }), true).fields).toMatchObject({
      expect_disconnect: true,
      skip_clean: true,
    });
    expect(compiled(shell({ expectDisconnect: true }), false).fields).not.toHaveProperty('skip_clean');
    expect(compiled(shell(), true).fields).not.toHaveProperty('skip_clean');
  });

  it('turns the line ends of a script edited on Windows, and no others', () => {
    const content = (script: string) => compiled(shell({ script })).written.content;
    expect(content('#!/bin/sh\r\necho 1\r\n')).toBe('#!/bin/sh\necho 1\n');
    expect(content("#!/bin/sh\nprintf 'a\r\n'\n")).toBe("#!/bin/sh\nprintf 'a\r\n'\n");
    expect(content('echo 1')).toBe('echo 1');
  });
});

describe('a PowerShell step', () => {
  it('runs its file unchanged with its environment', () => {
    const { type, fields, written } = compiled(powershell());
    expect(type).toBe('powershell');
    expect(fields).toEqual({
      script: 'steps/012.ps1',
      environment_vars: ["A=it's $${one}", 'AA=${var.secret_2}', 'B=two', 'TOKEN=${var.secret_1}'],
    });
    expect(written.content).toBe("Write-Host 'hello'\r\n");
  });

  it('takes a broken connection for a valid end when it is expected (S111)', () => {
    expect(compiled(powershell({ expectDisconnect: true }), true).fields).toMatchObject({
      valid_exit_codes: [0, 2300218],
      skip_clean: true,
    });
    expect(compiled(powershell({ expectDisconnect: true, validExitCodes: [3010] })).fields).toMatchObject({
      valid_exit_codes: [3010, 2300218],
    });
  });
});

describe('a file step', () => {
  it('uploads a file of its own', () => {
    const { type, fields, written } = compiled(file({ timeoutSeconds: 5 }));
    expect(type).toBe('file');
    expect(fields).toEqual({ timeout: '5s', source: 'steps/012.content', destination: '/tmp/motd' });
    expect(written).toEqual({ path: 'steps/012.content', content: 'Welcome to {{ this }} ${machine}\n' });
  });
});
