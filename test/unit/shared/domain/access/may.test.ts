import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accessDocument } from '../../../../../infra/openapi/access-document.ts';
import { roles } from '../../../../../shared/contracts/entities/workspace.ts';
import { routes } from '../../../../../shared/contracts/routes/index.ts';
import type { Route } from '../../../../../shared/contracts/routes/route.ts';
import { type Asker, type Decision, may } from '../../../../../shared/domain/access/may.ts';
import { closedToTokens, mayFrom } from '../../../../support/access-table.ts';

const askers: Asker[] = (['user', 'api-token'] as const).flatMap((kind) =>
  [undefined, ...roles].map((role) => ({ kind, role })),
);

/** What a stranger, a viewer, an operator, an editor and an owner are told, by the route's smallest role. */
const told: Record<keyof typeof mayFrom, Decision[]> = {
  public: ['allow', 'allow', 'allow', 'allow', 'allow'],
  'signed-in': ['allow', 'allow', 'allow', 'allow', 'allow'],
  viewer: ['not-found', 'allow', 'allow', 'allow', 'allow'],
  operator: ['not-found', 'role-too-small', 'allow', 'allow', 'allow'],
  editor: ['not-found', 'role-too-small', 'role-too-small', 'allow', 'allow'],
  owner: ['not-found', 'role-too-small', 'role-too-small', 'role-too-small', 'allow'],
};

const expected = new Map<string, Decision[]>(
  Object.entries(told).flatMap(([from, decisions]) =>
    Object.entries(mayFrom)
      .filter(([role]) => role === from)
      .flatMap(([, ids]) => ids.map((id): [string, Decision[]] => [id, decisions])),
  ),
);

test('the table speaks of each operation once', () => {
  expect(Object.values(mayFrom).flat().toSorted()).toEqual(Object.keys(routes).toSorted());
});

test.each(Object.entries<Route>(routes))('%s: each role may what the table says (S37)', (id, route) => {
  const decisions = askers.map((asker) => may(asker, route));
  const forPeople = expected.get(id) ?? [];
  const forTokens: Decision[] = forPeople.map((decision) =>
    closedToTokens.includes(id) && decision === 'allow' ? 'role-too-small' : decision,
  );
  expect(decisions).toEqual([...forPeople, ...forTokens]);
});

describe('a route', () => {
  test('in a workspace is never open to strangers, whatever role it names', () => {
    const route = { path: '/v1/workspaces/{workspaceId}/x', role: 'signed-in' } as const;
    expect(may({ kind: 'user', role: undefined }, route)).toBe('not-found');
    expect(may({ kind: 'user', role: 'viewer' }, route)).toBe('allow');
  });

  test('that is closed to tokens does not reveal a workspace to a token of another one', () => {
    const route = { path: '/v1/workspaces/{workspaceId}', role: 'owner', onlyPeople: true } as const;
    expect(may({ kind: 'api-token', role: undefined }, route)).toBe('not-found');
    expect(may({ kind: 'api-token', role: 'owner' }, route)).toBe('role-too-small');
  });
});

describe('a route about a person', () => {
  const route = {
    path: '/v1/workspaces/{workspaceId}/members/{userId}',
    role: 'owner',
    orSelf: 'userId',
  } as const;
  test.each(roles)('is open to that person as %s, and to no token that is named like them', (role) => {
    expect(may({ kind: 'user', role, isSelf: true }, route)).toBe('allow');
    expect(may({ kind: 'user', role, isSelf: false }, route)).toBe(
      role === 'owner' ? 'allow' : 'role-too-small',
    );
    expect(may({ kind: 'api-token', role, isSelf: true }, route)).toBe(
      role === 'owner' ? 'allow' : 'role-too-small',
    );
  });

  test('is not open to a stranger, who is not there to leave', () => {
    expect(may({ kind: 'user', role: undefined, isSelf: true }, route)).toBe('not-found');
  });

  test('is only one that says so', () => {
    const other = { path: route.path, role: route.role };
    expect(may({ kind: 'user', role: 'viewer', isSelf: true }, other)).toBe('role-too-small');
  });
});

test('docs/access.md is what the routes give: else run npm run openapi', () => {
  expect(readFileSync(join(import.meta.dirname, '../../../../../docs/access.md'), 'utf8')).toBe(
    accessDocument(),
  );
});
