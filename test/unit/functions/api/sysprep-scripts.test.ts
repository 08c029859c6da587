import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { sysprepScriptListSchema } from '../../../../shared/contracts/entities/sysprep-script.ts';
import type { Platform } from '../../../../shared/platforms/platform.ts';
import { platforms } from '../../../../shared/platforms/registry.ts';
import { onPremisesSysprep } from '../../../../shared/samples/scripts/on-premises-sysprep.ts';
import { handler } from '../../../../functions/api/public/handler.ts';
import { callApi } from '../../../support/call-api.ts';

const read = async (path: string) => callApi(handler, { method: 'GET', path });
const textOf = async (id: string) => (await read(`/v1/sysprep-scripts/${id}`)).body;

describe('the published sysprep scripts (S89, S93)', () => {
  let items: ReturnType<typeof sysprepScriptListSchema.parse>['items'];
  beforeAll(async () => {
    items = sysprepScriptListSchema.parse((await read('/v1/sysprep-scripts')).body).items;
  });

  it('are one of each cloud, and the example for the rest', () => {
    expect(items.map(({ id, platforms: of, addedByItself }) => [id, of, addedByItself])).toEqual([
      ['aws', ['aws'], true],
      ['azure', ['azure'], true],
      ['gcp', ['gcp'], true],
      ['on-premises', ['vsphere', 'proxmox', 'hyperv', 'nutanix', 'qemu'], false],
    ]);
  });

  it('are read at their addresses as plain text with the checksum that the list names', async () => {
    for (const { url, sha256, sizeBytes } of items) {
      const { status, headers, body } = await read(url);
      const text = String(body);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'public, max-age=300',
        etag: `"${sha256}"`,
      });
      expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
      expect(Buffer.byteLength(text)).toBe(sizeBytes);
    }
  });

  it('are the very texts of the platforms, and the very example of the samples', async () => {
    const withOne = Object.values<Platform>(platforms).filter(({ generalise }) => generalise !== undefined);
    for (const { id, generalise } of withOne) expect(await textOf(id)).toBe(generalise?.script);
    expect(withOne).not.toEqual([]);
    expect(await textOf('on-premises')).toBe(onPremisesSysprep);
  });

  it.each(['windows', 'AWS', 'toString', '__proto__', '..%2Faws', 'qemu'])(
    'know none called %s',
    async (id) => {
      const { status, headers, body } = await read(`/v1/sysprep-scripts/${id}`);
      expect(status).toBe(404);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(body).toMatchObject({ code: 'not-found', detail: 'There is no such script.' });
    },
  );
});
