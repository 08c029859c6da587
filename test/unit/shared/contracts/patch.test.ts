import { describe, expect, test } from 'vitest';
import { connectionInput } from '../../../../shared/contracts/entities/connection.ts';
import { imageDefinitionInput } from '../../../../shared/contracts/entities/image-definition.ts';
import { provisionerInput } from '../../../../shared/contracts/entities/provisioner.ts';
import { fieldNames, patchOf } from '../../../../shared/contracts/patch.ts';
import { detailAt, pointers } from '../../../support/pointers.ts';

const definition = patchOf(imageDefinitionInput, 'DefinitionPatch');
const provisioner = patchOf(provisionerInput, 'ProvisionerPatch');

describe('the shape of a merge patch', () => {
  test.each([{}, { name: 'New' }, { tags: { a: null } }, { connectorId: null }, { variables: { A: null } }])(
    'is any of the fields, null among them: %j',
    (patch) => {
      expect(definition.parse(patch)).toEqual(patch);
    },
  );

  test('writes no default of what it does not name', () => {
    expect(patchOf(connectionInput, 'ConnectionPatch').parse({})).toEqual({});
  });

  test('names unknown and read-only fields', () => {
    expect(pointers(definition, { rev: 3, nmae: 'x' })).toEqual(['/rev', '/nmae']);
  });

  test('says of a wrong value what is wrong with it, as a create does', () => {
    expect(detailAt(definition, { timeoutSeconds: '5' }, '/timeoutSeconds')).toMatch(/expected number/);
    expect(detailAt(definition, { timeoutSeconds: 3.5 }, '/timeoutSeconds')).toMatch(/expected int/);
    expect(detailAt(definition, { timeoutSeconds: 1 }, '/timeoutSeconds')).toMatch(/300/);
    expect(detailAt(provisioner, { type: 'chef' }, '/type')).toMatch(/"shell"\|"powershell"/);
  });

  test('of a union has the fields of every option', () => {
    expect(fieldNames(provisionerInput)).toEqual(expect.arrayContaining(['name', 'script', 'content']));
    expect(provisioner.parse({ script: 'echo', content: 'x' })).toEqual({ script: 'echo', content: 'x' });
  });
});
