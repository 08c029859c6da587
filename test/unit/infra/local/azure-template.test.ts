import { describe, expect, it } from 'vitest';
import { at, listAt, parseBody, textAt } from '../../../../infra/local/standins/clouds/azure/json.ts';
import { resolve } from '../../../../infra/local/standins/clouds/azure/template.ts';

const scope = {
  subscriptionId: 'sub',
  group: { name: 'builds', location: 'westeurope' },
  parameters: { vmName: { value: 'gs1' }, Odd: { value: "it's" } },
  variables: {
    location: '[resourceGroup().location]',
    group: '[resourceGroup().name]',
    network: "[resourceId(variables('group'), 'Microsoft.Network/virtualNetworks', 'net')]",
  },
};

describe('expressions in a template for the stand-in of Azure', () => {
  it.each([
    ["[parameters('vmName')]", 'gs1'],
    ["[parameters('odd')]", "it's"],
    ["[variables('location')]", 'westeurope'],
    ["[concat('/home/', parameters('vmName'), '/.ssh')]", '/home/gs1/.ssh'],
    ["[concat('it''s', ' (, ) .')]", "it's (, ) ."],
    [
      "[resourceId('Microsoft.Network/networkInterfaces', parameters('vmName'))]",
      '/subscriptions/sub/resourceGroups/builds/providers/Microsoft.Network/networkInterfaces/gs1',
    ],
    [
      "[concat(variables('network'),'/subnets/',parameters('vmName'))]",
      '/subscriptions/sub/resourceGroups/builds/providers/Microsoft.Network/virtualNetworks/net/subnets/gs1',
    ],
    ['plain text', 'plain text'],
  ])('%s is %s', (source, value) => {
    expect(resolve(source, scope)).toBe(value);
  });

  it('are found wherever they are', () => {
    const resource = { name: "[parameters('vmName')]", list: [{ id: "[variables('group')]" }], count: 3 };
    expect(resolve(resource, scope)).toEqual({ name: 'gs1', list: [{ id: 'builds' }], count: 3 });
  });

  it('of other kinds, and such that end too early, are errors and never a wrong value', () => {
    expect(() => resolve("[reference('x')]", scope)).toThrow('reference is not known');
    expect(() => resolve("[concat('x',]", scope)).toThrow('ends too early');
    expect(() => resolve('[resourceGroup(]', scope)).toThrow('ends too early');
  });
});

describe('requests of unknown form', () => {
  it('are read field by field, whatever the capitals of the keys', () => {
    const body = parseBody('{"Properties": {"a": [{"ID": "x"}]}}');
    expect(textAt(body, 'properties', 'a', 0, 'id')).toBe('x');
    expect(at(body, 'properties', 'b', 0)).toBeUndefined();
    expect(listAt(body, 'properties')).toEqual([]);
    expect(parseBody('no JSON')).toBeUndefined();
  });
});
