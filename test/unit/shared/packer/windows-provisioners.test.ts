import { assert, constantFrom, oneof, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flat, parseScript, statementsOf } from '../../../support/powershell-syntax.ts';
import { base, powershell, uploaded } from './fixtures.ts';
import { hostileText } from './hostile.ts';
import { placed } from './placed-step.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const FORMAT =
  "$env:%s=& { $v='%s'; if ($v.StartsWith('base64:')) " +
  '{ [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($v.Substring(7))) } else { $v } }\n';
const environment = {
  environment_vars: [
    `A=base64:${base64("it's ${one}")}`,
    'AA=base64:${base64encode(var.secret_2)}',
    'B=two',
    'TOKEN=base64:${base64encode(var.secret_1)}',
  ],
  env_var_format: FORMAT,
};
const windows = { ...base('prv_1', 'a step'), osFamily: 'windows' as const };

describe('a PowerShell step', () => {
  it('runs its file unchanged with its environment', () => {
    const { type, fields, files } = placed(powershell());
    expect(type).toBe('powershell');
    expect(fields).toEqual({ script: 'steps/012.ps1', ...environment });
    expect(files).toEqual([{ path: 'steps/012.ps1', content: "Write-Host 'hello'\r\n" }]);
  });

  it('is told to be UTF-8 where it has other characters, and an uploaded one is left as it is', () => {
    const content = (script: string) => placed(powershell({ script })).files[0]?.content;
    expect(content("Write-Host 'Ä'")).toBe("\uFEFFWrite-Host 'Ä'");
    expect(content("\uFEFFWrite-Host 'Ä'")).toBe("\uFEFFWrite-Host 'Ä'");
    expect(content('Write-Host 1\r\n')).toBe('Write-Host 1\r\n');
    expect(placed(powershell({ script: undefined }), { upload: uploaded() }).files).toEqual([]);
  });

  it('carries every value of a variable in characters that mean nothing to PowerShell', () => {
    const schema = z.object({ environment_vars: z.array(z.string()) });
    const valueOf = (text: string) => {
      const { fields } = placed(powershell(), { environment: { X: text }, secretEnvironment: {} });
      return schema.parse(fields).environment_vars[0] ?? '';
    };
    expect(valueOf('C:\\Program Files\\x')).toBe('X=C:\\Program Files\\x');
    assert(
      property(oneof(hostileText, constantFrom('base64:', 'base64:eA==', 'Ä“', '')), (text) => {
        const value = valueOf(text);
        expect(value).toMatch(/^X=[A-Za-z0-9_ .,:;/\\@+=-]*$/);
        const [, encoded] = /^X=base64:(.*)$/.exec(value) ?? [];
        const read = encoded === undefined ? value.slice(2) : Buffer.from(encoded, 'base64').toString();
        expect(read).toBe(text.toWellFormed());
      }),
      { numRuns: 1000 },
    );
  });

  it('sets its variables in a script that is one statement for each', () => {
    const lines = ['base64:w4TigJw=', 'image', 'C:\\Temp\\x'].map((value, at) =>
      FORMAT.replace('%s', `V${at}`).replace('%s', value),
    );
    const statements = statementsOf(parseScript(lines.join('')).root).map(flat);
    expect(statements).toEqual(lines.map((line) => line.trim()));
  });

  it('takes a broken connection for a valid end when it is expected (S111)', () => {
    expect(placed(powershell({ expectDisconnect: true }), { isLast: true }).fields).toMatchObject({
      valid_exit_codes: [0, 2300218, 16001],
      skip_clean: true,
    });
    expect(placed(powershell({ expectDisconnect: true, validExitCodes: [3010] })).fields).toMatchObject({
      valid_exit_codes: [3010, 2300218, 16001],
    });
    expect(placed(powershell({ validExitCodes: [3010] })).fields).toMatchObject({ valid_exit_codes: [3010] });
  });

  it.each([
    ['Administrator', 'secret_3', '${var.secret_3}'],
    ['SYSTEM', undefined, ''],
  ])('run by %s has the same environment', (elevatedUser, elevatedPassword, password) => {
    expect(placed(powershell({ elevatedUser }), { elevatedPassword }).fields).toMatchObject({
      elevated_user: elevatedUser,
      elevated_password: password,
      elevated_env_var_format: FORMAT,
      ...environment,
    });
  });
});

describe('a batch script', () => {
  it('is run with its environment, none of which stands in a command line', () => {
    const script = '@echo off\r\necho %A%\r\n';
    const { type, fields, files } = placed({
      ...windows,
      type: 'windows-shell',
      script,
      validExitCodes: [0, 3010],
      timeoutSeconds: 60,
    });
    expect(type).toBe('powershell');
    expect(fields).toEqual({
      script: 'steps/012.cmd',
      remote_path: 'c:/Windows/Temp/goldsmith-012.cmd',
      timeout: '60s',
      valid_exit_codes: [0, 3010],
      ...environment,
    });
    expect(files).toEqual([{ path: 'steps/012.cmd', content: script }]);
  });

  it('may restart the machine', () => {
    const step = { ...windows, type: 'windows-shell' as const, script: 'x', expectDisconnect: true };
    expect(placed(step, { isLast: true }).fields).toMatchObject({
      valid_exit_codes: [0, 2300218, 16001],
      skip_clean: true,
    });
  });
});

describe('a restart of Windows', () => {
  it('is waited for as it is told', () => {
    const { type, fields } = placed({
      ...windows,
      type: 'windows-restart',
      restartCommand: 'shutdown /r /t 5 /c "it\'s ${x}"',
      restartCheckCommand: 'powershell -command "& {Write-Output restarted.}"',
      restartTimeoutSeconds: 900,
      checkRegistry: true,
      timeoutSeconds: 1000,
      retries: 1,
    });
    expect(type).toBe('windows-restart');
    expect(fields).toEqual({
      restart_command: 'shutdown /r /t 5 /c "it\'s $${x}"',
      restart_check_command: 'powershell -command "& {Write-Output restarted.}"',
      restart_timeout: '900s',
      check_registry: true,
      timeout: '1000s',
      max_retries: 1,
    });
  });

  it('says nothing where the defaults of Packer hold', () => {
    expect(placed({ ...windows, type: 'windows-restart' }).fields).toEqual({});
  });
});

describe('updates of Windows', () => {
  const updates = {
    ...windows,
    type: 'windows-update' as const,
    searchCriteria: "Title='x'",
    filters: ['exclude:$_.Title -like "*’s ${x}*"', 'include:$true'],
    updateLimit: 25,
    restartTimeoutSeconds: 14_400,
  };

  it('are searched and filtered as they are told, with the plug-in that does it', () => {
    const { type, fields, plugins } = placed(updates, { generation: 'modern' });
    expect(type).toBe('windows-update');
    expect(fields).toEqual({
      search_criteria: "Title='x'",
      // The plug-in doubles plain quotes, and not the typographic ones that PowerShell takes for the same.
      filters: ['exclude:$_.Title -like "*’’s $${x}*"', 'include:$true'],
      update_limit: 25,
      restart_timeout: '14400s',
    });
    expect(Object.keys(plugins ?? {})).toEqual(['windows-update']);
  });

  it('are nothing that Packer 1.6 can do, and the step is named', () => {
    expect(() => placed(updates)).toThrow(
      expect.objectContaining({
        errorId: 'packer-too-old',
        message: 'Step 12 "a step" is of type windows-update, which Packer 1.6 does not have.',
      }),
    );
  });
});
