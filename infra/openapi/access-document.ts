/** Who may what, as a page of Markdown derived from the route list. */
import { roles } from '../../shared/contracts/entities/workspace.ts';
import { routesOf } from '../../shared/contracts/routes/index.ts';
import type { Area, Route } from '../../shared/contracts/routes/route.ts';

const INTRODUCTION = `# Who may what

Written by \`npm run openapi\` from the list of routes. The decision itself: \`shared/domain/access/may.ts\`.

A viewer reads; an operator also runs and stops; an editor also changes what images are described with; an owner also
manages members, API tokens and the workspace. Each role includes the one before. An API token has one role in one
workspace. Without a good token the answer is 401, to a stranger in a workspace 404, for a role that is too small 403.
A person may leave a workspace whatever their role is.
`;

const titles: Record<Exclude<Area, 'agent'>, string> = {
  public: 'Public',
  access: 'Access',
  definitions: 'Definitions',
  runs: 'Runs',
  platforms: 'Platforms',
};

const COLUMNS = ['operation', 'method and path', ...roles, 'API token'];

/** The page. `…` stands for `/v1/workspaces/{workspaceId}`. */
export function accessDocument(): string {
  const sections = (['public', 'access', 'definitions', 'runs', 'platforms'] as const).map(
    (area) => `\n## ${titles[area]}\n\n${tableOf(routesOf(area))}`,
  );
  return `${INTRODUCTION}${sections.join('')}`;
}

function tableOf(routes: Record<string, Route>): string {
  const rows = Object.entries(routes).map(([id, route]) => rowOf(id, route));
  return [COLUMNS, COLUMNS.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}

function rowOf(id: string, route: Route): string[] {
  const path = route.path.replace('/v1/workspaces/{workspaceId}', '…');
  return [
    id,
    `\`${route.method} ${path}\``,
    ...roles.map((role) => wordFor(route, role)),
    route.role === 'public' ? 'needs none' : route.onlyPeople === true ? 'no' : 'yes',
  ];
}

/** What a person with a role may; outside of workspaces a role counts nothing. */
function wordFor(route: Route, role: (typeof roles)[number]): string {
  if (route.role === 'public') return 'anyone';
  if (route.role === 'signed-in') return 'any token';
  if (roles.indexOf(role) >= roles.indexOf(route.role)) return 'yes';
  return route.orSelf === undefined ? '403' : 'oneself';
}
