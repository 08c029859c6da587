/** The CDK app: reads which stage is meant and makes its stacks. Run by `cdk` as cdk.json says. */
import { App } from 'aws-cdk-lib';
import { contextNames, stageFrom } from './config/stages.ts';
import { goldsmith } from './stacks/goldsmith.ts';

const app = new App();
const given = contextNames.map((name): [string, unknown] => [name, app.node.tryGetContext(name)]);
goldsmith(app, stageFrom(Object.fromEntries(given.filter(([, value]) => value !== undefined))));
app.synth();
