/** Uploaded files, as a client of the API uploads them. */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { resourceSchema, uploadingResourceSchema } from '../../shared/contracts/entities/resource.ts';
import { post } from './e2e-client.ts';

/** A resource with this content, uploaded and complete. */
export const uploadResource = async (fileName: string, content: string): Promise<{ id: string }> => {
  const bytes = Buffer.from(content);
  const announced = {
    name: `${fileName} ${randomBytes(4).toString('hex')}`,
    fileName,
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  const { id, upload } = await post('/resources', uploadingResourceSchema, announced);
  const { 'content-length': _, ...headers } = upload.headers;
  const sent = await fetch(upload.url, { method: upload.method, headers, body: bytes });
  if (!sent.ok) throw new Error(`the upload was answered with ${sent.status}: ${await sent.text()}`);
  await post(`/resources/${id}/complete`, resourceSchema.pick({ id: true }).and(z.unknown()), {});
  return { id };
};
