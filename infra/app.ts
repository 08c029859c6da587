/** The CDK app: reads which stage is meant and makes its two stacks. Run by `cdk` as cdk.json says. */
import { App, Tags } from 'aws-cdk-lib';
import { stageFrom } from './config/stages.ts';
import { AppStack } from './stacks/app-stack.ts';
import { StateStack } from './stacks/state-stack.ts';

const app = new App();
const names = ['stage', 'localEndpoint', 'localPackerGeneration', 'packerRelease'];
const stage = stageFrom(
  Object.fromEntries(
    names
      .map((name): [string, unknown] => [name, app.node.tryGetContext(name)])
      .filter(([, value]) => value !== undefined),
  ),
);
const state = new StateStack(app, `goldsmith-${stage.name}-state`, stage);
new AppStack(app, `goldsmith-${stage.name}-app`, { stage, state });
Tags.of(app).add('goldsmith:stage', stage.name);
app.synth();
