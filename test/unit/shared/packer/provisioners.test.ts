import { describe, expect, it } from 'vitest';
import { placed } from './placed-step.ts';
import { file, shell, uploaded } from './fixtures.ts';

const secretFields = { TOKEN: '${var.secret_1}', AA: '${var.secret_2}' };

describe('a shell step', () => {
  it('runs its file with its environment, secrets as variables, sorted by name', () => {
    const { type, fields, files } = placed(shell());
    expect(type).toBe('shell');
    expect(fields).toEqual({
      script: 'steps/012.sh',
      binary: true,
      environment_vars: ["A=it's $${one}", `AA=${secretFields.AA}`, 'B=two', `TOKEN=${secretFields.TOKEN}`],
      use_env_var_file: true,
      execute_command: '. {{ .EnvVarFile }} && rm -f {{ .EnvVarFile }} && {{ .Path }}',
    });
    expect(files.map(({ path }) => path)).toEqual(['steps/012.sh']);
  });

  it.each([
    ['#!/usr/bin/perl\n', undefined, '{{ .Path }}'],
    ['echo 1\n', undefined, '/bin/sh -e {{ .Path }}'],
    ['echo 1\n', 'root' as const, 'sudo -n -E /bin/sh -e {{ .Path }}'],
    ['#!/bin/bash\n', 'root' as const, 'sudo -n -E {{ .Path }}'],
    ['#!/bin/bash\n', 'login-user' as const, '{{ .Path }}'],
  ])('runs %j as %s by %s', (script, runAs, command) => {
    expect(placed(shell({ script, ...(runAs === undefined ? {} : { runAs }) })).fields).toMatchObject({
      execute_command: `. {{ .EnvVarFile }} && rm -f {{ .EnvVarFile }} && ${command}`,
    });
  });

  it('of an uploaded file looks in the machine how the file begins', () => {
    const { fields, files, downloads } = placed(shell({ script: undefined }), { upload: uploaded() });
    expect(fields).toMatchObject({
      script: 'steps/012.sh',
      execute_command:
        '. {{ .EnvVarFile }} && rm -f {{ .EnvVarFile }} && ' +
        'if [ "$(head -c 2 {{ .Path }})" = \'#!\' ]; then {{ .Path }}; else /bin/sh -e {{ .Path }}; fi',
    });
    expect(files).toEqual([]);
    const { resourceId, version, sizeBytes, sha256 } = uploaded();
    expect(downloads).toEqual([{ path: 'steps/012.sh', resourceId, version, sizeBytes, sha256 }]);
  });

  it('has time limit, retries and exit codes (S78)', () => {
    const limits = { timeoutSeconds: 90, retries: 2, validExitCodes: [0, 3] };
    expect(placed(shell(limits)).fields).toMatchObject({
      timeout: '90s',
      max_retries: 2,
      valid_exit_codes: [0, 3],
    });
  });

  it('may shut the machine down at the end, and restart it before (S111)', () => {
    expect(placed(shell({ expectDisconnect: true }), { isLast: true }).fields).toMatchObject({
      expect_disconnect: true,
      skip_clean: true,
    });
    expect(placed(shell({ expectDisconnect: true })).fields).not.toHaveProperty('skip_clean');
    expect(placed(shell(), { isLast: true }).fields).not.toHaveProperty('skip_clean');
  });

  it('turns the line ends of a script edited on Windows, and no others', () => {
    const content = (script: string) => placed(shell({ script })).files[0]?.content;
    expect(content('#!/bin/sh\r\necho 1\r\n')).toBe('#!/bin/sh\necho 1\n');
    expect(content("#!/bin/sh\nprintf 'a\r\n'\n")).toBe("#!/bin/sh\nprintf 'a\r\n'\n");
    expect(content('echo 1')).toBe('echo 1');
  });
});

describe('a file step', () => {
  it('uploads a file of its own', () => {
    const { type, fields, files } = placed(file({ timeoutSeconds: 5 }));
    expect(type).toBe('file');
    expect(fields).toEqual({ timeout: '5s', source: 'steps/012.content', destination: '/tmp/motd' });
    expect(files).toEqual([{ path: 'steps/012.content', content: 'Welcome to {{ this }} ${machine}\n' }]);
  });

  it.each([
    ['/opt/app/', 'setup.tar.gz', '/opt/app/setup.tar.gz'],
    ['C:\\Temp\\', 'Setup (x64) $(id) {{ x }} ä.msi', 'C:\\Temp\\Setup _x64_ __id_ __ x __ _.msi'],
    ['/opt/app', 'setup.tar.gz', '/opt/app'],
  ])('of an uploaded file to %j keeps the name %j in a folder', (destination, fileName, expected) => {
    const { fields, downloads } = placed(file({ content: undefined, destination }), {
      upload: uploaded({ fileName }),
    });
    expect(fields).toEqual({ source: 'steps/012.content', destination: expected });
    expect(downloads).toHaveLength(1);
  });
});

describe('a playbook', () => {
  const ansible = (fields: object = {}) =>
    placed({
      ...shell(),
      type: 'ansible-local',
      script: '- hosts: all\n',
      ...fields,
    });

  it('is run by the Ansible of the machine, and nothing of it stays there', () => {
    const { type, fields, files, plugins } = ansible({ retries: 2, timeoutSeconds: 90 });
    expect(type).toBe('ansible-local');
    expect(fields).toEqual({
      playbook_file: 'steps/012.yml',
      command: '/bin/sh /tmp/goldsmith-ansible-012/run',
      staging_directory: '/tmp/goldsmith-ansible-012',
      clean_staging_directory: true,
      timeout: '90s',
      max_retries: 2,
    });
    expect(files.map(({ path }) => path)).toEqual(['steps/012.yml', 'steps/012.run']);
    expect(Object.keys(plugins ?? {})).toEqual(['ansible']);
  });

  it('gets its environment by a file that no list of processes shows', () => {
    const { before, files } = ansible();
    expect(before).toEqual([
      {
        shell: {
          script: 'steps/012.run',
          binary: true,
          environment_vars: ["A=it's $${one}", 'AA=${var.secret_2}', 'B=two', 'TOKEN=${var.secret_1}'],
          use_env_var_file: true,
          execute_command:
            'mkdir -p -m 700 /tmp/goldsmith-ansible-012 && ' +
            'mv {{ .EnvVarFile }} /tmp/goldsmith-ansible-012/environment && ' +
            'cp {{ .Path }} /tmp/goldsmith-ansible-012/run',
        },
      },
    ]);
    expect(files[1]?.content).toContain('. "${0%/*}/environment"\n');
    expect(files[1]?.content).toContain('\nexec ansible-playbook "$@"\n');
  });

  it('is ended by the machine at its time limit, because Packer cannot (S78)', () => {
    expect(ansible({ timeoutSeconds: 90 }).files[1]?.content).toContain(
      '\nexec timeout -k 30 90 ansible-playbook "$@"\n',
    );
  });

  it('takes each argument as it stands', () => {
    const extraArguments = ['--diff', '-e', "a='b' $(id); ${x} `id`\n#"];
    expect(ansible({ extraArguments }).fields).toMatchObject({
      extra_arguments: ["'--diff'", "'-e'", String.raw`'a='\''b'\'' $(id); $$`.concat("{x} `id`\n#'")],
    });
  });

  it('may be an uploaded file', () => {
    const { files, downloads } = placed(
      { ...shell({ script: undefined }), type: 'ansible-local' },
      { upload: uploaded() },
    );
    expect(files.map(({ path }) => path)).toEqual(['steps/012.run']);
    expect(downloads.map(({ path }) => path)).toEqual(['steps/012.yml']);
  });
});
