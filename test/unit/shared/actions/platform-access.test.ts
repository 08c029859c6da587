import { expect, test } from 'vitest';
import { accessOf } from '../../../../shared/actions/platform-access.ts';
import { memoryEngine, scope } from '../../../support/engine.ts';

const failing = (name: string) => {
  const { engine } = memoryEngine();
  const error = Object.assign(new Error('from KMS'), { name });
  const secrets = { ...engine.secrets, open: () => Promise.reject(error) };
  return accessOf({ secrets }, scope, 'con_1').decrypt({ ciphertext: 'c', field: 'settings.auth.password' });
};

test.each([
  'AccessDeniedException',
  'DisabledException',
  'KMSInvalidStateException',
  'InvalidCiphertextException',
])(
  'a secret that KMS does not open (%s) is a fault of the connection, which is named (F26)',
  async (name) => {
    await expect(failing(name)).rejects.toMatchObject({
      name: 'PlatformError',
      errorId: 'credentials-invalid',
      message: `The secret settings.auth.password of the connection con_1 cannot be opened any more (${name}).`,
    });
  },
);

test.each(['ThrottlingException', 'DependencyTimeoutException', 'TimeoutError'])(
  'a KMS that is away for a moment (%s) says nothing of the connection',
  async (name) => {
    await expect(failing(name)).rejects.toMatchObject({ name, message: 'from KMS' });
  },
);
