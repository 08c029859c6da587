import { azureSamples } from './azure-samples.ts';
import { buildSamples } from './build-samples.ts';
import { googleSamples } from './google-samples.ts';
import { hypervisorSamples } from './hypervisor-samples.ts';
import { runnerSamples } from './runner-samples.ts';
import { samples as others } from './samples.ts';
import { stepSamples } from './step-samples.ts';
import { templateSamples } from './template-samples.ts';

/** Every line that was seen of a failure. */
export const samples = [
  ...others,
  ...azureSamples,
  ...googleSamples,
  ...hypervisorSamples,
  ...stepSamples,
  ...buildSamples,
  ...templateSamples,
  ...runnerSamples,
];
