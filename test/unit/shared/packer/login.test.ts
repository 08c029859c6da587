import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compileBundle } from '../../../../shared/packer/compile.ts';
import { isMarkerNoise } from '../../../../shared/packer/markers.ts';
import { platformOf } from '../../../../shared/platforms/registry.ts';
import { generationsOf, platformCases } from '../../../support/platform-cases.ts';
import { compileInput, run, snapshot } from './fixtures.ts';

const templateSchema = z.looseObject({
  build: z.looseObject({
    provisioner: z.array(z.record(z.string(), z.looseObject({ inline: z.array(z.string()).optional() }))),
  }),
});
const provisionersOf = (content: string | undefined) =>
  templateSchema.parse(JSON.parse(content ?? '')).build.provisioner;
const textOf = (bundle: ReturnType<typeof compileBundle>) => JSON.stringify(bundle);

describe('the step that takes the login', () => {
  test.each(platformCases.map((one) => [one.name, one] as const))(
    'is the first of the job of %s, and changes nothing else of it',
    (_name, one) => {
      const { snapshot: of, baseImage } = one;
      const platform = platformOf(of.builderConfiguration.platform);
      for (const generation of generationsOf(one)) {
        const input = { run, snapshot: of, baseImage, platform, generation };
        const [plain, job] = [compileBundle(input), compileBundle({ ...input, takesLogin: true })];
        const [first, ...others] = provisionersOf(job.files[0]?.content);
        expect(first?.['shell-local']).toMatchObject({ only_on: ['linux'] });
        expect(others).toEqual(provisionersOf(plain.files[0]?.content));
        expect(job.files.slice(1)).toEqual(plain.files.slice(1));
        expect(textOf(plain)).not.toContain('GOLDSMITH_LOGIN_FILE');
      }
    },
  );

  test('is there for a run without steps too', () => {
    const bundle = compileBundle({
      ...compileInput({ snapshot: snapshot({ steps: [] }) }),
      takesLogin: true,
    });
    expect(provisionersOf(bundle.files[0]?.content)).toHaveLength(1);
  });

  test('gives no secret to a process by its arguments or environment', () => {
    const { files } = compileBundle({ ...compileInput({}), takesLogin: true });
    const login = provisionersOf(files[0]?.content)[0]?.['shell-local'] ?? {};
    expect(Object.keys(login).toSorted((a, b) => a.localeCompare(b))).toEqual(['inline', 'only_on']);
    const withValues = (login.inline ?? []).filter((line) => line.includes('${'));
    expect(withValues).toHaveLength(6);
    // A builtin of the shell, and nothing after it.
    for (const line of withValues) expect(line).toMatch(/^echo "\w+ \$\{try\([^{}]+\)\}"$/);
  });

  test('is nothing that the log shows, where it runs and where it does not', () => {
    expect(isMarkerNoise('==> amazon-ebs.image: Skipping shell-local due to runtime OS')).toBe(true);
    expect(isMarkerNoise('Running local shell script: /tmp/goldsmith-x/tmp/packer-shell12')).toBe(true);
    expect(isMarkerNoise('Skipping shell-local due to runtime OS, says a script')).toBe(false);
  });
});
