import openApi from '../../../docs/openapi.json' with { type: 'json' };
import { publicRoutes as routes } from '../../../shared/contracts/routes/public.ts';
import { listErrors } from '../../../shared/domain/triage/catalogue.ts';
import { answerRequests, checkedCall } from '../../../shared/runtime/api/answer-requests.ts';
import { operation } from '../../../shared/runtime/api/operation.ts';
import { platformCatalogue } from './platforms.ts';
import { sysprepScriptAnswer, sysprepScriptList } from './sysprep-scripts.ts';

const health = { status: 'ok', version: openApi.info.version };
const catalogue = { items: listErrors() };
/** Made when somebody asks for it, once. */
let platforms: ReturnType<typeof platformCatalogue> | undefined;
const listPlatforms = async () => {
  platforms ??= platformCatalogue(openApi);
  return { body: platforms };
};

/** Answers strangers, and so has no right to anything. */
export const handler = answerRequests(
  {
    getHealth: operation(routes.getHealth, async () => ({ body: health })),
    getOpenApi: operation(routes.getOpenApi, async () => ({ body: openApi })),
    getErrorCatalogue: operation(routes.getErrorCatalogue, async () => ({ body: catalogue })),
    listPlatforms: operation(routes.listPlatforms, listPlatforms),
    listSysprepScripts: operation(routes.listSysprepScripts, async () => ({ body: sysprepScriptList })),
    readSysprepScript: operation(routes.readSysprepScript, async ({ params, headers }) =>
      sysprepScriptAnswer(params.scriptId, headers['if-none-match']),
    ),
  },
  async (event, found) => found.run(checkedCall(event, found)),
);
