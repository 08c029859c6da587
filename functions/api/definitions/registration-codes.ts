import { sha256 } from '../../../shared/domain/sha256.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import { demandEntity } from '../../../shared/runtime/entities/change.ts';
import type { EntityContext } from '../../../shared/runtime/entities/module.ts';
import { newId, newSecret } from '../../../shared/runtime/ids.ts';
import { connectorStore, MOST_OPEN_CODES } from '../../../shared/store/connector-store.ts';
import { contended } from '../../../shared/store/retry.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { Write } from '../../../shared/store/write.ts';
import { connector } from './entities/connector.ts';

/** How long a code is good: time enough to install an agent, too short to lie about. */
const CODE_SECONDS = 30 * 60;

type Call = {
  params: { id: string };
  principal: Principal;
  remember: (answer: Answer, options: { secret: boolean }) => Write[];
};

/** The first two writes are the connector and the place of the code: who lost those decides anew. */
const lostPlace = (error: unknown): boolean =>
  error instanceof WriteRefused && error.failed.every((place) => place < 2);

/** A one-time code for one agent: 32 random bytes behind `gsr_`, answered this once; only its SHA-256 is stored. */
export const createRegistrationCode = (context: EntityContext, call: Call): Promise<Answer> =>
  contended(() => openCode(context, call), lostPlace);

const openCode = async (context: EntityContext, call: Call): Promise<Answer> => {
  const { table, scope } = context;
  const { id: connectorId, name } = await demandEntity(connector, context, call.params.id);
  const code = `gsr_${newSecret()}`;
  const id = newId('registration-code');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const expires = nowSeconds + CODE_SECONDS;
  const opening = await connectorStore(table, scope).openCode(
    { id, connectorId, codeSha256: sha256(code), createdBy: call.principal.id, expiresAt: expires },
    nowSeconds,
  );
  if (opening === undefined) throw tooMany();
  const expiresAt = new Date(expires * 1000).toISOString();
  const answer = { body: { id, code, expiresAt } };
  const entity = { kind: 'registration-code', id, name };
  const event = audited(scope, {
    principal: call.principal,
    action: 'create',
    entity,
    after: { connectorId, expiresAt },
  });
  await table.write([...opening, event, ...call.remember(answer, { secret: true })]);
  return answer;
};

const tooMany = (): ApiProblem =>
  new ApiProblem(
    'limit-reached',
    `A connector has at most ${MOST_OPEN_CODES} open codes; each is over after ${CODE_SECONDS / 60} minutes.`,
  );
