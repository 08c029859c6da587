import { describe, expect, it } from 'vitest';
import { quotaOfMachine } from '../../../../../shared/platforms/aws/machine-quotas.ts';

const codes = (type: string) => [quotaOfMachine(type, 'on-demand')?.code, quotaOfMachine(type, 'spot')?.code];

describe('the quota that a machine counts against (EC2 user guide, instance type quotas)', () => {
  it.each([
    ['t3.micro', 'L-1216C47A', 'L-34B43A08'],
    ['t4g.small', 'L-1216C47A', 'L-34B43A08'],
    ['m7i-flex.large', 'L-1216C47A', 'L-34B43A08'],
    ['im4gn.large', 'L-1216C47A', 'L-34B43A08'],
    ['z1d.metal', 'L-1216C47A', 'L-34B43A08'],
    ['g5g.xlarge', 'L-DB2E81BA', 'L-3819A6DF'],
    ['vt1.3xlarge', 'L-DB2E81BA', 'L-3819A6DF'],
    ['x2iedn.xlarge', 'L-7295265B', 'L-E3A00192'],
    ['inf2.xlarge', 'L-1945791B', 'L-B5D1601B'],
    ['trn1.2xlarge', 'L-2C3B7624', 'L-6B0D517C'],
    ['dl1.24xlarge', 'L-6E869C2A', 'L-85EED4F7'],
    ['f1.2xlarge', 'L-74FC7D96', 'L-88CF9481'],
    ['p3.2xlarge', 'L-417A185B', 'L-7212CCBC'],
    ['p4d.24xlarge', 'L-417A185B', 'L-7212CCBC'],
    ['p5.48xlarge', 'L-417A185B', 'L-C4BD4855'],
    // Of these there is no quota for spot machines, or none that we know.
    ['p6-b200.48xlarge', 'L-417A185B', undefined],
    ['u-6tb1.56xlarge', 'L-43DA4232', undefined],
    ['u7i-12tb.224xlarge', 'L-43DA4232', undefined],
    ['hpc7g.4xlarge', 'L-F7808C92', undefined],
    // Only hosts of their own have Macs.
    ['mac2.metal', undefined, undefined],
    ['nobody.knows', undefined, undefined],
    ['', undefined, undefined],
  ])('of %s is %s, on the spot market %s', (type, onDemand, spot) => {
    expect(codes(type)).toEqual([onDemand, spot]);
  });
});
