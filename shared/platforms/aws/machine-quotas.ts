/** A quota that counts the vCPUs of machines of some families, all together. */
export type MachineQuota = { code: string; name: string };
export type Market = 'on-demand' | 'spot';

const STANDARD = 'Standard (A, C, D, H, I, M, R, T, Z)';
const running = (code: string, families: string): MachineQuota => ({
  code,
  name: `Running On-Demand ${families} instances`,
});
const requests = (code: string, families: string): MachineQuota => ({
  code,
  name: `All ${families} Spot Instance Requests`,
});

const standard = { 'on-demand': running('L-1216C47A', STANDARD), spot: requests('L-34B43A08', STANDARD) };
const graphics = { 'on-demand': running('L-DB2E81BA', 'G and VT'), spot: requests('L-3819A6DF', 'G and VT') };
const training = running('L-417A185B', 'P');
const olderTraining = { 'on-demand': training, spot: requests('L-7212CCBC', 'P4, P3 and P2') };

/**
 * Quotas by the letters that a machine type begins with, those of P by its generation too. "Amazon EC2 instance type
 * quotas" of the EC2 user guide; the codes are the same in every region. A family that is not here (Mac, which only
 * hosts of their own have, and what came later) has no quota that we know.
 */
const quotas: Record<string, Partial<Record<Market, MachineQuota>>> = {
  ...Object.fromEntries(
    ['a', 'c', 'd', 'h', 'i', 'im', 'is', 'm', 'r', 't', 'z'].map((family) => [family, standard]),
  ),
  g: graphics,
  gr: graphics,
  vt: graphics,
  f: { 'on-demand': running('L-74FC7D96', 'F'), spot: requests('L-88CF9481', 'F') },
  x: { 'on-demand': running('L-7295265B', 'X'), spot: requests('L-E3A00192', 'X') },
  dl: { 'on-demand': running('L-6E869C2A', 'DL'), spot: requests('L-85EED4F7', 'DL') },
  inf: { 'on-demand': running('L-1945791B', 'Inf'), spot: requests('L-B5D1601B', 'Inf') },
  trn: { 'on-demand': running('L-2C3B7624', 'Trn'), spot: requests('L-6B0D517C', 'Trn') },
  u: { 'on-demand': running('L-43DA4232', 'High Memory') },
  hpc: { 'on-demand': running('L-F7808C92', 'HPC') },
  p: { 'on-demand': training },
  p2: olderTraining,
  p3: olderTraining,
  p4: olderTraining,
  p5: { 'on-demand': training, spot: requests('L-C4BD4855', 'P5') },
};

/** The quota that a machine of this type counts against; undefined when none is known. */
export const quotaOfMachine = (type: string, market: Market): MachineQuota | undefined => {
  const [, letters = '', digit = ''] = /^([a-z]+)(\d?)/.exec(type) ?? [];
  return (quotas[`${letters}${digit}`] ?? quotas[letters])?.[market];
};
