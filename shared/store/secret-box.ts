import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import type { SecretStored } from '../contracts/secret.ts';
import { callLimits } from './call-limits.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

/** Where a secret belongs; a ciphertext moved to another place does not open there. */
export type SecretPlace = { scope: WorkspaceScope; entityId: string; field: string };

const context = (place: SecretPlace): Record<string, string> => ({
  workspace: place.scope.workspaceId,
  entity: place.entityId,
  field: place.field,
});

/** Seals secrets with the deployment's KMS key. API functions hold no right to open them. */
export const secretBox = (keyArn: string, client = new KMSClient(callLimits)) => ({
  seal: async (place: SecretPlace, value: string, now: string): Promise<SecretStored> => {
    const answer = await client.send(
      new EncryptCommand({ KeyId: keyArn, Plaintext: Buffer.from(value), EncryptionContext: context(place) }),
    );
    const ciphertext = Buffer.from(answer.CiphertextBlob ?? []).toString('base64');
    return { sealed: true, ciphertext, field: place.field, updatedAt: now };
  },

  open: async (place: SecretPlace, ciphertext: string): Promise<string> => {
    const answer = await client.send(
      new DecryptCommand({
        KeyId: keyArn,
        CiphertextBlob: Buffer.from(ciphertext, 'base64'),
        EncryptionContext: context(place),
      }),
    );
    return Buffer.from(answer.Plaintext ?? []).toString();
  },
});
export type SecretBox = ReturnType<typeof secretBox>;
