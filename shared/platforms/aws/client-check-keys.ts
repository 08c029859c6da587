import type { PlatformCheck } from '../platform.ts';
import type { AwsSnapshot } from './base-image.ts';
import { fails, passes, setting, warns } from '../checks.ts';
import { readKey } from './client-keys.ts';
import type { Session } from './client-session.ts';
import { translateError } from './errors.ts';

type NamedKey = { key: string; region: string; field: string };

const namedKeys = ({ builderConfiguration: { settings } }: AwsSnapshot, region: string): NamedKey[] => [
  ...(settings.kmsKeyId === undefined
    ? []
    : [{ key: settings.kmsKeyId, region, field: setting('kmsKeyId') }]),
  ...Object.entries(settings.regionKmsKeyIds ?? {}).map(([place, key]) => ({
    key,
    region: place,
    field: setting('regionKmsKeyIds', place),
  })),
  ...(settings.launchBlockDeviceMappings ?? []).flatMap(({ kmsKeyId: key }, at) =>
    key === undefined ? [] : [{ key, region, field: setting('launchBlockDeviceMappings', at, 'kmsKeyId') }],
  ),
];

const keyCheck = async (session: Session, { key, region, field }: NamedKey): Promise<PlatformCheck> => {
  const id = 'encryption-key';
  const refuse = (detail: string) => fails(id, { detail, field, errorId: 'encryption-key-unusable' });
  try {
    const found = await readKey(session, region, key);
    if (found?.KeyState !== 'Enabled')
      return refuse(`The key ${key} in ${region} is ${found?.KeyState ?? 'unknown'}.`);
    if (found.KeySpec !== 'SYMMETRIC_DEFAULT')
      return refuse(`The key ${key} in ${region} is ${found.KeySpec}: disks need a symmetric one.`);
    return passes(id, `The key ${key} in ${region} is enabled.`);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundException')
      return refuse(`The key ${key} does not exist in ${region}.`);
    const detail = `The key ${key} in ${region} could not be looked at: ${translateError(error).message}`;
    return warns(id, { detail, field, errorId: 'encryption-key-unusable' });
  }
};

/** Whether each key that the builder names is there and enabled. What its policy lets the build do is not seen. */
export const keyChecks = (session: Session, snapshot: AwsSnapshot): Promise<PlatformCheck[]> =>
  Promise.all(namedKeys(snapshot, session.region).map((named) => keyCheck(session, named)));
