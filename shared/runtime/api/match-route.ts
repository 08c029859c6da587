import type { Route } from '../../contracts/routes/route.ts';

export type Match = { id: string; route: Route; params: Record<string, string> };

type Pattern = { id: string; route: Route; expression: RegExp; literals: number };

/** Finds routes by method and path; among paths that fit, the one with the most literal segments wins. */
export const routeMatcher = (routes: Record<string, Route>) => {
  const patterns = Object.entries(routes)
    .map(([id, route]) => patternOf(id, route))
    .sort((a, b) => b.literals - a.literals);
  return (method: string, path: string): Match | 'no-path' | { allowed: string[] } => {
    const fitting = patterns.filter((pattern) => pattern.expression.test(path));
    const best = fitting.find((pattern) => pattern.route.method === method);
    if (best !== undefined) {
      return { id: best.id, route: best.route, params: { ...best.expression.exec(path)?.groups } };
    }
    return fitting.length === 0 ? 'no-path' : { allowed: allowedOf(fitting) };
  };
};

/** Whatever can be read answers HEAD as well. */
const allowedOf = (fitting: readonly Pattern[]): string[] => [
  ...new Set(fitting.flatMap(({ route: { method } }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))),
];

/** No id of ours is longer; what a client makes up must not become a key that the table refuses. */
const PARAMETER = '(?<$1>[^/]{1,128})';

const patternOf = (id: string, route: Route): Pattern => {
  const segments = route.path.split('/');
  const source = segments.map((segment) => segment.replace(/^\{(\w+)\}$/, PARAMETER).replaceAll('.', '\\.'));
  return {
    id,
    route,
    expression: new RegExp(`^${source.join('/')}$`),
    literals: segments.filter((segment) => !segment.startsWith('{')).length,
  };
};
