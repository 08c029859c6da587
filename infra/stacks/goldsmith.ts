import { type App, Tags } from 'aws-cdk-lib';
import type { Stage } from '../config/stage.ts';
import { AppStack } from './app-stack.ts';
import { StateStack } from './state-stack.ts';

/** The two stacks of a deployment: what must be kept, and what may be replaced. */
export function goldsmith(app: App, stage: Stage): { state: StateStack; app: AppStack } {
  const state = new StateStack(app, `goldsmith-${stage.name}-state`, stage);
  const stacks = { state, app: new AppStack(app, `goldsmith-${stage.name}-app`, { stage, state }) };
  Tags.of(app).add('goldsmith:stage', stage.name);
  return stacks;
}
