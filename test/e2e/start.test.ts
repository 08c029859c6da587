import { expect, inject, test } from 'vitest';

test('the seeded workspace holds QuickStart', async () => {
  const { apiUrl, token, workspaceId } = inject('localStack');
  const answer = await fetch(`${apiUrl}/v1/workspaces/${workspaceId}/image-definitions`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await answer.json()).toMatchObject({ items: [{ name: 'QuickStart' }] });
});
