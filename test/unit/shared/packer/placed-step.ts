import type { SnapshotFile } from '../../../../shared/contracts/snapshot.ts';
import { compileStep } from '../../../../shared/packer/provisioners/registry.ts';
import type { Provisioner, StepOf } from '../../../../shared/packer/provisioners/step.ts';
import { serializeTemplate } from '../../../../shared/packer/serialize.ts';
import type { TemplateObject } from '../../../../shared/platforms/expression.ts';

/** What Packer reads of a part of a template. */
export const jsonOf = (part: TemplateObject): unknown => JSON.parse(serializeTemplate(part));

type Place = Partial<Omit<StepOf<Provisioner>, 'provisioner' | 'upload'>> & { upload?: SnapshotFile };

/** A provisioner as the twelfth step of a run that has more, with two plain variables and two secret ones. */
export const placed = (provisioner: Provisioner, place: Place = {}) => {
  const {
    type,
    body,
    before = [],
    files = [],
    downloads = [],
    plugins,
  } = compileStep(provisioner, {
    index: 12,
    isLast: false,
    generation: '1.6',
    environment: { B: 'two', A: "it's ${one}" },
    secretEnvironment: { TOKEN: 'secret_1', AA: 'secret_2' },
    elevatedPassword: undefined,
    upload: undefined,
    ...place,
  });
  return { type, fields: jsonOf(body), before: before.map(jsonOf), files, downloads, plugins };
};
