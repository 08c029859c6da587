import { describe, expect, it } from 'vitest';
import { bootArguments, endsByItself, shutdownCommandFor } from '../../../../shared/platforms/boot.ts';
import { file, shell, snapshot, step, windowsSnapshot } from '../packer/fixtures.ts';

const login = (username: string) => ({ communicator: 'ssh' as const, username, port: undefined });

describe('the pause before a boot command', () => {
  it.each([
    ['0s', '-1s'],
    ['0ms', '-1s'],
    ['0h0.0m', '-1s'],
    ['10s', '10s'],
    ['0m5s', '0m5s'],
    ['0.5s', '0.5s'],
    ['100ms', '100ms'],
    [undefined, undefined],
  ])('of %s is none where it is nothing, which Packer would take for ten seconds: %s', (given, told) => {
    expect(bootArguments({ bootWait: given })['boot_wait']).toBe(told);
  });
});

describe('what shuts a system down', () => {
  it('is a command of the system, with the rights that it needs', () => {
    expect(shutdownCommandFor(snapshot(), login('root'))).toBe('shutdown -P now');
    expect(shutdownCommandFor(snapshot(), login('debian'))).toBe('sudo -n shutdown -P now');
    expect(shutdownCommandFor(windowsSnapshot(), login('Administrator'))).toBe('shutdown /s /t 10 /f');
  });
});

describe('a last step that may end the connection (S111)', () => {
  const endsWith = (...steps: Parameters<typeof step>[1][]) =>
    endsByItself(snapshot({ steps: steps.map((one, place) => step(place + 1, one)) }));

  it('shuts the machine down, no other does', () => {
    expect(endsWith(shell(), shell({ expectDisconnect: true }))).toBe(true);
    expect(endsWith(shell({ expectDisconnect: true }), shell())).toBe(false);
    expect(endsWith(shell({ expectDisconnect: true }), file())).toBe(false);
    expect(endsWith(shell({ expectDisconnect: false }))).toBe(false);
    expect(endsWith()).toBe(false);
  });
});
