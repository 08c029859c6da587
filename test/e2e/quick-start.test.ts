import { beforeAll, describe, expect, it } from 'vitest';
import { LOGIN_USER, WITNESS_FILE, WITNESS_SUM } from '../../infra/local/seed/samples.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import type { Run } from '../../shared/contracts/entities/run.ts';
import { bootAndReadFile, imagesNamed, temporariesOf } from '../support/e2e-account.ts';
import { quickStart } from '../support/e2e-definitions.ts';
import { outputOf, readLog, startRun, waitForRun } from '../support/e2e-runs.ts';

let run: Run;
let log: LogLine[] = [];

beforeAll(async () => {
  const { id } = await quickStart();
  run = await startRun(id);
  run = await waitForRun(run.id);
  log = await readLog(run.id);
});

describe('QuickStart, as a new workspace holds it', () => {
  it('can be run at once and succeeds (S6, S38, S39, S59)', async () => {
    expect(run).toMatchObject({
      status: 'Succeeded',
      imageName: `QuickStart-v${run.number}`,
      provisionerCount: 3,
    });
    expect(await imagesNamed(run.imageName)).toHaveLength(1);
    expect(await temporariesOf(run.id)).toEqual([]);
  });

  it('runs its steps as the user and as root in the VM (S29)', () => {
    expect(outputOf(log, 1).some((text) => new RegExp(`^user: +${LOGIN_USER}$`).test(text))).toBe(true);
    expect(outputOf(log, 2)).toEqual([`${WITNESS_FILE}: ${WITNESS_SUM}`]);
  });

  it('makes an image that boots and holds what its steps wrote (S125)', async () => {
    const [first] = run.image?.locators ?? [];
    const amiId = first !== undefined && 'amiId' in first ? first.amiId : '';
    expect((await bootAndReadFile(amiId, WITNESS_FILE)).trim()).toBe(WITNESS_SUM);
  });
});
