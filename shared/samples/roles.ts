import { sampleSteps } from './provisioners.ts';
import { example, type NewId, type Sample } from './sample.ts';

type Named = { name: string; about: string };

const group = (newId: NewId, { name, about }: Named, steps: Sample<'provisioner'>[]) => {
  const sample: Sample<'provisioner-group'> = {
    kind: 'provisioner-group',
    id: newId('provisioner-group'),
    input: {
      ...example(name, about),
      items: steps.map(({ id }) => ({ provisionerId: id, enabled: true })),
    },
    references: steps.map(({ kind, id }) => ({ kind, id })),
  };
  return sample;
};

const role = (newId: NewId, { name, about }: Named, groups: Sample<'provisioner-group'>[]) => {
  const sample: Sample<'provisioner-role'> = {
    kind: 'provisioner-role',
    id: newId('provisioner-role'),
    input: { ...example(name, about), groupIds: groups.map(({ id }) => id) },
    references: groups.map(({ kind, id }) => ({ kind, id })),
  };
  return sample;
};

const linuxRole = (newId: NewId, steps: ReturnType<typeof sampleSteps>): Sample[] => {
  const harden = { name: 'Harden Linux', about: 'Closes what an SSH server and a kernel rarely need.' };
  const groups = [
    group(newId, { name: 'Update Linux', about: 'All packages up to date.' }, [steps.updateLinux]),
    group(newId, harden, [steps.hardenSsh, steps.hardenKernel]),
    group(newId, { name: 'Clean up Linux', about: 'Must run last.' }, [steps.cleanUpLinux]),
  ];
  const about =
    "Updates Linux, hardens it and takes out what is only this machine's. For Debian, Ubuntu, Rocky and Amazon Linux.";
  return [...groups, role(newId, { name: 'Hardened Linux', about }, groups)];
};

const windowsRoles = (newId: NewId, steps: ReturnType<typeof sampleSteps>): Sample[] => {
  const patch = group(newId, { name: 'Patch Windows', about: 'All updates, then a restart.' }, [
    steps.updateWindows,
    steps.restartWindows,
  ]);
  const generalise = { name: 'Generalise Windows on-premises', about: 'Sysprep. Must run last.' };
  const sysprep = group(newId, generalise, [steps.sysprep]);
  const cloud =
    'Windows with all updates. For AWS, Azure and Google Cloud, where a run generalises Windows by itself.';
  const own =
    'Windows with all updates, generalised by the sysprep example. For on-premises, where nothing else does.';
  return [
    patch,
    sysprep,
    role(newId, { name: 'Patched Windows', about: cloud }, [patch]),
    role(newId, { name: 'Patched Windows, on-premises', about: own }, [patch, sysprep]),
  ];
};

/** Three roles with their groups and steps. */
export const sampleRoles = (newId: NewId): Sample[] => {
  const steps = sampleSteps(newId);
  return [...Object.values(steps), ...linuxRole(newId, steps), ...windowsRoles(newId, steps)];
};
