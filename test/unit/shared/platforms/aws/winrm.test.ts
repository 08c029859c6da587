import { describe, expect, it } from 'vitest';
import { winrmUserData } from '../../../../../shared/platforms/aws/winrm.ts';
import {
  all,
  argument,
  commandName,
  commands,
  flat,
  parseScript,
  statementsOf,
} from '../../../../support/powershell-syntax.ts';

const userData = winrmUserData(8443);
/** What EC2Launch runs: the text between the tags. */
const script = parseScript(/^<powershell>\n(.*)<\/powershell>\n$/s.exec(userData)?.[1] ?? '<');
const order = all(script.root, 'command').map((one) => [commandName(one), flat(one)] as const);
const place = (name: string, word = ''): number =>
  order.findIndex(([known, text]) => known === name && text.includes(word));
const only = (name: string) => {
  const [found, ...more] = commands(script.root, name);
  if (found === undefined || more.length > 0) throw new Error(`not one ${name}`);
  return found;
};

describe('the user data that opens WinRM', () => {
  it('stops at its first error', () => {
    expect(statementsOf(script.root).map(flat)[0]).toBe("$ErrorActionPreference = 'Stop'");
  });

  it('starts the service before it looks at its settings, which would ask a person to', () => {
    expect(place('start-service')).toBeGreaterThanOrEqual(0);
    expect(place('start-service')).toBeLessThan(order.findIndex(([, text]) => text.includes('WSMan:')));
  });

  it('leaves no way in but TLS', () => {
    expect(flat(only('New-Item'))).toContain('-Transport HTTPS -Address * -Port 8443');
    expect(place('remove-item')).toBeLessThan(place('new-item'));
    expect(userData).not.toMatch(/AllowUnencrypted|Basic|Transport HTTP\b/);
  });

  it('makes a certificate that is soon worth nothing: it may stay in the image', () => {
    expect(flat(only('New-SelfSignedCertificate'))).toMatch(/ -NotAfter \(Get-Date\)\.AddDays\(7\)$/);
  });

  it('opens the firewall last: whoever gets through finds a service that stays', () => {
    expect(order.at(-1)?.[0]).toBe('new-netfirewallrule');
    expect(place('new-netfirewallrule')).toBeGreaterThan(place('restart-service'));
    expect(argument(only('New-NetFirewallRule'), 'LocalPort')).toBe('8443');
  });

  it('closes what the build of the base image opened, first of all', () => {
    expect(place('remove-netfirewallrule')).toBeGreaterThanOrEqual(0);
    expect(place('remove-netfirewallrule')).toBeLessThan(place('new-selfsignedcertificate'));
  });

  it('is ASCII, holds no secret and fits', () => {
    expect(userData).toMatch(/^[\n -~]*$/);
    expect(userData).not.toMatch(/password|secret|token/i);
    expect(userData.length).toBeLessThan(4096);
  });
});
