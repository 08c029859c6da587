import type { ErrorId } from '../../../../../shared/domain/triage/catalogue.ts';
import type { Sample } from './samples.ts';

/** A line that stands alone: Packer began no build. */
export const alone = (title: string, errorId: ErrorId, from: string, text: string): Sample => ({
  title,
  from,
  errorId,
  lines: [[null, text]],
  explains: 0,
});

const RUNNER = 'functions/runner/';
/** The runner's own words about what goes wrong before and beside Packer (S153). */
export const runnerSamples: Sample[] = [
  alone(
    'a machine without Packer (S153)',
    'packer-not-usable',
    `${RUNNER}packer-version.ts`,
    'Packer could not be started on this machine: is it installed, and on the PATH?',
  ),
  alone(
    'a machine with another Packer (S153)',
    'packer-not-usable',
    `${RUNNER}packer-version.ts`,
    'This machine has Packer 1.6.6, but the job needs 1.15.1 or later.',
  ),
  ...[
    'The job bundle could not be fetched: refused with status 403.',
    'The job bundle does not have the checksum that was announced.',
    'The job bundle is not valid: steps.0.name.',
    'A file leads out of the job: ../evil',
    'A file was altered: image.pkr.json',
    'A file is there twice: steps/001.sh',
    'A file could not be written: image.pkr.json',
  ].map((text) =>
    alone(`${text} (S153)`, 'job-bundle-unusable', `${RUNNER}job-bundle.ts, job-folder.ts`, text),
  ),
  alone(
    'a file that does not fit on the disk (S153)',
    'runner-disk-full',
    `${RUNNER}job-downloads.ts`,
    'The file steps/office.iso could not be written: ENOSPC.',
  ),
  alone(
    'a disk without room for the folder of the job (S153)',
    'runner-disk-full',
    `${RUNNER}build-job.ts`,
    "The runner failed: ENOSPC: no space left on device, mkdtemp '/tmp/goldsmith-XXXXXX'",
  ),
  alone(
    'a file that may not be written (S153)',
    'runner-failed',
    `${RUNNER}job-downloads.ts`,
    'The file steps/office.iso could not be written: EACCES.',
  ),
  alone(
    'anything else that breaks the runner (S153)',
    'runner-failed',
    `${RUNNER}build-job.ts`,
    'The runner failed: spawn packer EACCES',
  ),
  alone(
    'a Packer that was killed',
    'packer-killed',
    `${RUNNER}build-job.ts`,
    'Packer was ended by SIGKILL, not by Goldsmith: was the machine out of memory?',
  ),
  alone(
    'a Packer that names no image (F45)',
    'no-image-reported',
    `${RUNNER}build-job.ts`,
    'Packer ended without an error, but named no image.',
  ),
  alone(
    'a build that says nothing (N8)',
    'build-silent',
    `${RUNNER}build-job.ts`,
    'No output for 30m 0s in step 2/2 install: Packer is told to clean up.',
  ),
  alone(
    'a deployment that cannot be reached any more (S153)',
    'api-unreachable',
    `${RUNNER}build-job.ts`,
    'The API could not be reached until the time of the run was up: no answer.',
  ),
];
