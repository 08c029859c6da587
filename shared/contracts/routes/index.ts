import { accessRoutes } from './access.ts';
import { definitionRoutes } from './definitions.ts';
import { platformRoutes } from './platforms.ts';
import { publicRoutes } from './public.ts';
import type { Area, Route } from './route.ts';
import { runRoutes } from './runs.ts';

/** Every operation of the API by its operation id. */
export const routes = {
  ...publicRoutes,
  ...accessRoutes,
  ...definitionRoutes,
  ...runRoutes,
  ...platformRoutes,
} as const;

/** The routes of one area as plain data. */
export const routesOf = (area: Area): Record<string, Route> =>
  Object.fromEntries(Object.entries<Route>(routes).filter(([, route]) => route.area === area));

/**
 * The paths that the gateway sends to each area, any method. It takes the most specific match; what matches none is
 * answered as 404 by its default route.
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
