import { describe, expect, it } from 'vitest';
import { findMisfits } from '../../../../shared/packer/misfits.ts';
import { file, powershell, shell, snapshot, step, windowsSnapshot } from './fixtures.ts';

describe('provisioners of the other operating system (S158, S160)', () => {
  it('are found in a Linux run, with step, group and both families', () => {
    const steps = [step(1, shell()), step(2, powershell()), step(3, file({ osFamily: 'windows' }))];
    expect(findMisfits(snapshot({ steps }))).toEqual([
      {
        index: 2,
        name: 'install roles',
        detail:
          'step 2 "install roles" (group "basics") is for windows, the operating system "Ubuntu 24.04" is linux',
      },
      expect.objectContaining({ index: 3, name: 'message of the day' }),
    ]);
  });

  it('are found in a Windows run', () => {
    const windows = windowsSnapshot();
    expect(findMisfits({ ...windows, steps: [...windows.steps, step(3, shell())] })).toHaveLength(1);
  });

  it('are not seen where all fit (S159)', () => {
    expect(findMisfits(snapshot())).toEqual([]);
    expect(findMisfits(windowsSnapshot())).toEqual([]);
  });
});
