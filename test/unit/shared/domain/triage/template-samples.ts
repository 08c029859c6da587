import type { Sample } from './samples.ts';

/** What Packer says before it begins a build, and of steps whose time is over. */
export const templateSamples: Sample[] = [
  {
    title: 'a template that HCL does not take, whatever it says',
    from: 'recorded with Packer 1.6.6',
    errorId: 'template-invalid',
    lines: [
      [null, 'Error: Missing block label'],
      [null, ''],
      [null, '  on image.pkr.json line 1:'],
      [null, '  (source code not available)'],
      [null, ''],
      [null, 'At least one object property is required, whose name represents the provisioner'],
      [null, "block's type."],
    ],
    explains: 0,
  },
  {
    title: 'a builder that Packer 1.6 does not have',
    from: 'recorded with Packer 1.6.6',
    errorId: 'packer-plugin-missing',
    lines: [
      [null, 'Error: Unknown source type nosuch'],
      [null, ''],
      [null, '  on image.pkr.json line 1:'],
      [null, 'known builders: [proxmox-clone openstack amazon-instance jdcloud hcloud null'],
    ],
    explains: 0,
  },
  {
    title: 'a step whose time is over, in the words of a provisioner that has its own',
    from: 'recorded with Packer 1.6.6, shell-local with a timeout',
    errorId: 'step-timed-out',
    lines: [
      [1, 'Cancelling provisioner after a timeout...'],
      [1, 'Provisioning step had errors: Running the cleanup provisioner, if present...'],
      [1, 'Step 1/2 update: failed after 1.0 s'],
      [
        null,
        "Build 'null.image' errored after 1 second 22 milliseconds: Error executing script: /tmp/packer-shell3881969162",
      ],
      [null, ''],
      [null, 'Please see output above for more information.'],
    ],
    lastStep: 1,
    step: 'update',
    explains: 0,
  },
  {
    title: 'a template whose builder cannot start',
    from: 'packer 1.15, hcl2template/types.packer_config.go',
    errorId: 'template-invalid',
    lines: [
      [null, 'Error: Failed to initialize build "amazon-ebs.image"'],
      [null, 'error during the execution of builder'],
    ],
    explains: 0,
  },
  {
    title: 'credentials that are looked at before the build begins',
    from: 'packer 1.6.6, amazon-ebs without credentials',
    errorId: 'credentials-invalid',
    lines: [
      [null, 'Error: Failed to initialize build "amazon-ebs.image"'],
      [null, 'no valid credential sources for  found'],
    ],
    explains: 1,
  },
];
