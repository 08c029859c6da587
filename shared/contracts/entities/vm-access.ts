import * as z from 'zod';

/** How a person logs in to the build VM that a stopped run left, as Packer did; told once. */
export const vmAccessSchema = z
  .object({
    communicator: z.enum(['ssh', 'winrm']),
    host: z
      .string()
      .optional()
      .meta({ description: 'as Packer reached it; absent when only the platform knows it' }),
    port: z.int().optional(),
    user: z.string(),
    privateKey: z.string().optional().meta({ description: 'PEM' }),
    password: z.string().optional(),
    command: z.string().optional().meta({
      description: 'for a shell, once the key is in the file `build-vm.pem` that only you can read',
    }),
  })
  .meta({ id: 'VmAccess' });
export type VmAccess = z.infer<typeof vmAccessSchema>;
