import { describe, expect, it } from 'vitest';
import { isGone, isOfRegion, translateError } from '../../../../../shared/platforms/aws/errors.ts';
import {
  isPackersGroup,
  isPackersProfile,
  locatorOf,
  parseLocator,
} from '../../../../../shared/platforms/aws/names.ts';
import { PlatformError } from '../../../../../shared/platforms/platform.ts';

describe('locators of temporary resources', () => {
  it('are read as they were written', () => {
    expect(parseLocator(locatorOf('eu-central-1', 'i-1'))).toEqual({ region: 'eu-central-1', id: 'i-1' });
    expect(parseLocator(locatorOf('eu-central-1', 'goldsmith-run/1'))?.id).toBe('goldsmith-run/1');
  });

  it.each(['', 'i-1', '/i-1', 'eu-central-1/'])('are not read from %j', (text) => {
    expect(parseLocator(text)).toBeUndefined();
  });

  it('never take a security group for a temporary one that Packer did not name', () => {
    expect(isPackersGroup('packer_6b03c5a6-8686-06c0-0d3a-0fa148e023c1')).toBe(true);
    expect(
      ['default', 'packer', 'packer_web servers', 'my-packer_6b03', 'packer_'].filter(isPackersGroup),
    ).toEqual([]);
  });

  it('never take an instance profile for a temporary one that Packer did not name', () => {
    expect(isPackersProfile('packer-6b03c5a6-8686-06c0-0d3a-0fa148e023c1')).toBe(true);
    const others = ['packer-', 'packer-build', 'admins', 'x-packer-6b03c5a6-8686-06c0-0d3a-0fa148e023c1'];
    expect(others.filter(isPackersProfile)).toEqual([]);
  });
});

describe('errors of the AWS SDK', () => {
  const sdkError = (name: string, message: string) => Object.assign(new Error(message), { name });

  it.each([
    ['UnauthorizedOperation', 'You are not authorized to perform this operation.', 'permission-denied'],
    ['AuthFailure', 'AWS was not able to validate the provided access credentials', 'credentials-invalid'],
    ['InvalidAMIID.NotFound', "The image id '[ami-1]' does not exist", 'base-image-not-found'],
    [
      'AccessDenied',
      'User x is not authorized to perform: sts:AssumeRole on resource y',
      'role-not-assumable',
    ],
    ['Error', 'getaddrinfo ENOTFOUND ec2.eu-moon-1.amazonaws.com', 'platform-unreachable'],
    ['VcpuLimitExceeded', 'You have requested more vCPU capacity', 'quota-exceeded'],
    [
      'InvalidParameter',
      "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
      'image-not-shareable',
    ],
    [
      'OperationNotPermitted',
      'Encrypted snapshots with EBS default key cannot be shared',
      'image-not-shareable',
    ],
    ['SomethingNew', 'of which nobody heard', 'unclassified'],
  ])('%s becomes an id of the catalogue (S149, S150)', (name, message, errorId) => {
    expect(translateError(sdkError(name, message))).toMatchObject({
      errorId,
      message: `${name}: ${message}`,
    });
  });

  it('stay as they are when they were translated before', () => {
    const error = new PlatformError('base-image-mismatch', 'x');
    expect(translateError(error)).toBe(error);
    expect(translateError('text')).toMatchObject({ errorId: 'unclassified', message: 'Error: text' });
  });

  it('say when a resource is gone', () => {
    expect(isGone(sdkError('InvalidInstanceID.NotFound', ''))).toBe(true);
    expect(isGone(sdkError('InvalidGroup.NotFound', ''))).toBe(true);
    expect(isGone(sdkError('InvalidLaunchTemplateId.NotFound', ''))).toBe(true);
    expect(isGone(sdkError('NoSuchEntityException', ''))).toBe(true);
    expect(isGone(sdkError('DependencyViolation', ''))).toBe(false);
    expect(isGone(sdkError('InvalidSnapshot.InUse', ''))).toBe(false);
  });

  it.each([
    ['Error: getaddrinfo ENOTFOUND sts.eu-moon-1.amazonaws.com', true],
    ["AuthFailure: Credential should be scoped to a valid region. 'eu-moon-1' is not one.", true],
    ['Error: getaddrinfo ENOTFOUND sts.eu-central-1.amazonaws.com', false],
    ['Error: connect ECONNREFUSED sts.eu-moon-1.amazonaws.com', false],
    ['InvalidClientTokenId: The security token included in the request is invalid.', false],
  ])('tell a region that does not exist from anything else: %s', (message, expected) => {
    expect(isOfRegion(message, 'eu-moon-1')).toBe(expected);
  });
});
