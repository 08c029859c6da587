import { describe, expect, it } from 'vitest';
import { azure } from '../../../../../shared/platforms/azure/index.ts';
import { parseResourceId, resourceIdOf } from '../../../../../shared/platforms/azure/resource-id.ts';
import { missingActions } from '../../../../../shared/platforms/azure/permissions.ts';
import { run } from '../../packer/fixtures.ts';
import {
  azureSnapshot,
  galleryLocator,
  galleryMinimum,
  galleryArtifact,
  imageId,
  managedArtifact,
  managedLocator,
  oldGalleryArtifact,
  subscriptionId,
  versionId,
} from './cases.ts';

const GROUP = `goldsmith-${run.runId}`;

describe('what Packer says of a build on Azure', () => {
  it('is where the machine is and what is made for a while, with and without its prefix', () => {
    for (const prefix of ['', '    azure-arm.image: ', '==> azure-arm.image: ']) {
      expect(azure.readOutput(`${prefix} -> ResourceGroupName : '${GROUP}'`)).toEqual({
        buildVm: { kind: 'azure-vm', locator: `${GROUP}/gs00000000000rn` },
        temporaries: [{ kind: 'azure-resource-group', id: GROUP }],
      });
      expect(azure.readOutput(`${prefix} -> IP Address          : '192.0.2.7'`)).toEqual({
        buildVm: { address: '192.0.2.7' },
      });
    }
  });

  it('is nothing of a group that stays', () => {
    expect(azure.readOutput("==> azure-arm.image:  -> ResourceGroupName : 'builds'")).toEqual({});
    expect(azure.readOutput(" -> ResourceGroupName : 'goldsmith-'")).toEqual({});
    expect(azure.readOutput(" -> DeploymentName    : 'pkrdpabc'")).toEqual({});
  });
});

describe('the artifact of a build on Azure (S129)', () => {
  const context = {
    snapshot: azureSnapshot('azure-gallery', { settings: galleryMinimum }),
    run,
    accountId: subscriptionId,
  };

  it('of Packer 1.6 is a version and the managed image that it was made of', () => {
    expect(azure.readArtifact(oldGalleryArtifact(), context)).toEqual([
      galleryLocator,
      { ...managedLocator, role: 'copy' },
    ]);
  });

  it('does not count a managed image that went with the temporary group', () => {
    const artifact = oldGalleryArtifact();
    const description = artifact.description.replaceAll(
      'resourceGroups/images/providers/Microsoft.Compute/images',
      `resourceGroups/${GROUP}/providers/Microsoft.Compute/images`,
    );
    expect(azure.readArtifact({ ...artifact, description }, context)).toEqual([galleryLocator]);
  });

  it('is of no other builder, and none that is not complete', () => {
    expect(azure.readArtifact({ ...managedArtifact(), builderId: 'mitchellh.amazonebs' }, context)).toEqual(
      [],
    );
    expect(azure.readArtifact({ ...managedArtifact(), description: '' }, context)).toEqual([]);
    const cut = galleryArtifact().description.replace('/versions/7.0.0', '');
    expect(azure.readArtifact({ ...galleryArtifact(), description: cut }, context)).toEqual([]);
  });
});

describe('a resource id of Azure', () => {
  it('is read whatever its capitals, and written as it was', () => {
    for (const id of [imageId, versionId()]) {
      const parts = parseResourceId(id);
      expect(parts && resourceIdOf(parts)).toBe(id);
      expect(parseResourceId(id.toUpperCase())?.names).toEqual(
        parts?.names.map((name) => name.toUpperCase()),
      );
    }
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      '/subscriptions/x',
      '/subscriptions/x/resourceGroups/y',
      `${imageId}/versions`,
      `x${imageId}`,
    ])
      expect(parseResourceId(text)).toBeUndefined();
  });
});

describe('what roles of Azure allow', () => {
  const missing = (action: string, actions: string[], notActions: string[] = []) =>
    missingActions([action], [{ actions, notActions }]).length > 0;

  it('is what their patterns cover, without what they leave out', () => {
    const write = 'Microsoft.Compute/images/write';
    expect(missing(write, ['*'])).toBe(false);
    expect(missing(write, ['microsoft.compute/*'])).toBe(false);
    expect(missing(write, ['Microsoft.Compute/*/write'])).toBe(false);
    expect(missing(write, ['*/read'])).toBe(true);
    expect(missing(write, ['Microsoft.Compute/images'])).toBe(true);
    expect(missing(write, ['MicrosoftXCompute/images/write'])).toBe(true);
    expect(missing(write, ['*'], ['Microsoft.Compute/images/*'])).toBe(true);
    expect(missingActions([write], [])).toEqual([write]);
  });
});
