import { accessRoutes } from './access.ts';
import { definitionRoutes } from './definitions.ts';
import type { Area, Route } from './route.ts';
import { runRoutes } from './runs.ts';

/** Every operation of the API by its operation id. */
export const routes = { ...accessRoutes, ...definitionRoutes, ...runRoutes } as const;

/** The routes of one area as plain data. */
export const routesOf = (area: Area): Record<string, Route> =>
  Object.fromEntries(Object.entries<Route>(routes).filter(([, route]) => route.area === area));

/** First path of what runners and agents call; not part of the public API. */
export const agentApiPath = '/v1/agent/workspaces/{workspaceId}/runs/{runId}';

/**
 * What the gateway sends to each area: a path and everything below it. The gateway takes the most specific match,
 * so `…/image-definitions/{id}/runs` goes to `runs` although `…/image-definitions/{proxy+}` goes to `definitions`.
 */
export const gatewayPaths = (area: Area): string[] => {
  const own = Object.values(routesOf(area)).map((route) => route.path);
  return [...new Set(own.map(templateOf))].sort();
};

/** A path with every parameter named `p<n>`: the gateway refuses two names for the same place. */
const templateOf = (path: string): string => {
  let place = 0;
  return path.replaceAll(/\{[^}]+\}/g, () => {
    place += 1;
    return `{p${place}}`;
  });
};
