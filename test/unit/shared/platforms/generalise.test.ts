import { describe, expect, it } from 'vitest';
import { handler } from '../../../../functions/api/public/handler.ts';
import { platformKinds } from '../../../../shared/contracts/platforms/kinds.ts';
import { compileBundle } from '../../../../shared/packer/compile.ts';
import { withGeneralise } from '../../../../shared/platforms/generalise.ts';
import { platformOf } from '../../../../shared/platforms/registry.ts';
import { callApi } from '../../../support/call-api.ts';
import { generationsOf, type PlatformCase, platformCases } from '../../../support/platform-cases.ts';
import { run, windowsSnapshot } from '../packer/fixtures.ts';

const kindOf = ({ snapshot }: PlatformCase) => {
  const where = platformKinds[snapshot.builderConfiguration.platform].runsOn;
  return `${snapshot.operatingSystem.family} ${where}`;
};
const casesOf = (kind: string) => platformCases.filter((one) => kindOf(one) === kind);

/** What Packer is given for the last step, and what that is called. */
const lastStep = (one: PlatformCase) =>
  generationsOf(one).map((generation) => {
    const { snapshot, baseImage } = one;
    const platform = platformOf(snapshot.builderConfiguration.platform);
    const { files, steps } = compileBundle({ run, snapshot, baseImage, platform, generation });
    return { platform: platform.id, bytes: files.at(-1)?.content, name: steps.at(-1)?.name };
  });

const published = async (id: string) =>
  (await callApi(handler, { method: 'GET', path: `/v1/sysprep-scripts/${id}` })).body;

describe('the last step of a run', () => {
  it.each(casesOf('windows cloud'))(
    'of $name has the very bytes that are published for its platform (S85, S89)',
    async (one) => {
      for (const { platform, bytes, name } of lastStep(one)) {
        expect(bytes).toBe(await published(platform));
        expect(name).toBe(platformOf(platform).generalise?.name);
      }
    },
  );

  it.each([...casesOf('linux cloud'), ...casesOf('linux connector'), ...casesOf('windows connector')])(
    'of $name is that of its role, and its snapshot stays as it is (S86–S88)',
    (one) => {
      expect(withGeneralise(one.snapshot)).toBe(one.snapshot);
      for (const { name } of lastStep(one)) expect(name).toBe(one.snapshot.steps.at(-1)?.provisioner.name);
    },
  );
});

describe('the generalise step', () => {
  const before = windowsSnapshot();
  const { steps } = withGeneralise(before);
  const added = steps.at(-1)?.provisioner;

  it('comes behind the steps of the role, and changes none of them', () => {
    expect(steps.slice(0, -1)).toEqual(before.steps);
    expect(steps.map(({ index }) => index)).toEqual(steps.map((_step, place) => place + 1));
  });

  it('must be seen to its end: a connection that breaks is no success', () => {
    expect(added).toMatchObject({ type: 'powershell', timeoutSeconds: 3600 });
    expect(added).not.toHaveProperty('expectDisconnect');
    expect(added).not.toHaveProperty('validExitCodes');
  });

  it('is given no environment, and so no secret of a step before', () => {
    expect(steps.at(-1)?.environment).toEqual({});
    expect(added).not.toHaveProperty('secretEnvironment');
  });
});
