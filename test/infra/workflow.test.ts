import { expect, test } from 'vitest';
import { z } from 'zod';
import { taskResultSchema } from '../../shared/contracts/workflow.ts';
import { awsStage } from './support/example-stage.ts';
import { functionsOf, resourceOf, statementsOf, synthesise, textOf } from './support/templates.ts';

const { app } = synthesise(awsStage());
const machine = resourceOf(app, 'AWS::StepFunctions::StateMachine');

const stateSchema = z.object({
  Type: z.enum(['Task', 'Choice']),
  Comment: z.string().optional(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Resource: z.string().optional(),
  Arguments: z.object({ FunctionName: z.string(), Payload: z.record(z.string(), z.string()) }).optional(),
  Output: z.string().optional(),
  TimeoutSeconds: z.number().optional(),
  HeartbeatSeconds: z.number().optional(),
  Retry: z
    .array(
      z.object({
        ErrorEquals: z.array(z.string()),
        IntervalSeconds: z.number(),
        MaxAttempts: z.number(),
        BackoffRate: z.number(),
        JitterStrategy: z.string(),
      }),
    )
    .default([]),
  Catch: z
    .array(z.object({ ErrorEquals: z.array(z.string()), Next: z.string(), Output: z.unknown() }))
    .default([]),
  Choices: z.array(z.object({ Condition: z.string(), Next: z.string() })).default([]),
  Default: z.string().optional(),
});
const definition = z
  .object({
    QueryLanguage: z.literal('JSONata'),
    StartAt: z.string(),
    TimeoutSeconds: z.number().optional(),
    States: z.record(z.string(), stateSchema),
  })
  .parse(JSON.parse(textOf(machine.Properties['DefinitionString'])));
const states = Object.entries(definition.States);
const tasks = states.filter(([, { Type }]) => Type === 'Task');

const CHOICE = 'Is there something to build?';

/** Where a state can lead to when nothing breaks. */
const nextOf = ({ Next, Choices, Default }: z.infer<typeof stateSchema>): string[] =>
  [Next, Default, ...Choices.map((choice) => choice.Next)].filter((name) => name !== undefined);

test('a run goes from Prepare over Build and Verify to Finish', () => {
  expect(definition.StartAt).toBe('Prepare');
  expect(Object.fromEntries(states.map(([name, state]) => [name, nextOf(state)]))).toEqual({
    Prepare: [CHOICE],
    [CHOICE]: ['Finish', 'Build'],
    Build: ['Verify'],
    Verify: ['Finish'],
    Finish: [],
  });
});

test('only Finish ends an execution', () => {
  expect(states.filter(([, { End }]) => End === true).map(([name]) => name)).toEqual(['Finish']);
});

test('Prepare alone decides whether there is something to build, in the words of the contract', () => {
  const [goOn] = taskResultSchema.shape.next.options;
  expect(definition.States[CHOICE]?.Choices).toEqual([
    { Condition: `{% $states.input.next = '${goOn}' %}`, Next: 'Build' },
  ]);
  expect(definition.States[CHOICE]?.Default).toBe('Finish');
  expect(definition.States['Prepare']?.Output).toBe('{% $states.result.Payload %}');
});

test.each(tasks.filter(([name]) => name !== 'Finish'))(
  'any error of %s goes to Finish, with the name of the state',
  (name, { Catch }) => {
    const broken = { state: name, error: '{% $states.errorOutput.Error %}' };
    expect(Catch).toEqual([{ ErrorEquals: ['States.ALL'], Next: 'Finish', Output: { broken } }]);
  },
);

test('no error is told apart by a name of ours', () => {
  const names = states.flatMap(([, state]) =>
    [...state.Catch, ...state.Retry].flatMap((rule) => rule.ErrorEquals),
  );
  expect(names.filter((name) => !/^(States\.ALL|Lambda\.\w+)$/.test(name))).toEqual([]);
});

test.each(tasks)('%s has a time limit of its own and no heartbeat', (_name, state) => {
  expect(state.TimeoutSeconds).toBeGreaterThan(0);
  expect(state.HeartbeatSeconds).toBeUndefined();
});

test('the machine has no time limit, which would skip Finish', () => {
  expect(definition.TimeoutSeconds).toBeUndefined();
});

test.each(tasks)('%s has more time than its function', (_name, { TimeoutSeconds, Arguments }) => {
  const target = [...functionsOf(app).values()].find(({ id }) => Arguments?.FunctionName === `{${id}.Arn}`);
  expect(target).toBeDefined();
  expect(TimeoutSeconds).toBeGreaterThan(Number(target?.timeout));
});

test('Build waits for its token for as long as a build may take', () => {
  const build = definition.States['Build'];
  expect(build?.Resource).toMatch(/:states:::lambda:invoke\.waitForTaskToken$/);
  expect(build?.TimeoutSeconds).toBe(36 * 3600);
});

test.each(tasks)('%s gets ids only, from the input of the execution', (name, { Arguments }) => {
  expect(Arguments?.Payload).toEqual({
    workspaceId: '{% $states.context.Execution.Input.workspaceId %}',
    runId: '{% $states.context.Execution.Input.runId %}',
    ...(name === 'Build' && { taskToken: '{% $states.context.Task.Token %}' }),
    ...(name === 'Finish' && { broken: '{% $exists($states.input.broken) ? $states.input.broken : null %}' }),
  });
});

test.each(tasks)(
  '%s is repeated on trouble of Lambda alone, and says why that is harmless',
  (_name, state) => {
    expect(state.Comment).toMatch(/^Repeated on trouble of Lambda: /);
    expect(state.Retry.flatMap(({ ErrorEquals }) => ErrorEquals)).toEqual([
      'Lambda.TooManyRequestsException',
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
    ]);
  },
);

test.each(tasks)('%s repeats with jitter and gives up after about two minutes', (_name, { Retry }) => {
  expect(Retry).toHaveLength(1);
  for (const { IntervalSeconds, BackoffRate, MaxAttempts, JitterStrategy } of Retry) {
    const waits = Array.from(
      { length: MaxAttempts },
      (_, attempt) => IntervalSeconds * BackoffRate ** attempt,
    );
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(126);
    expect(JitterStrategy).toBe('FULL');
  }
});

test('its role calls the four tasks and writes logs and traces, nothing else', () => {
  const roleId = textOf(machine.Properties['RoleArn']).slice(1, -'.Arn}'.length);
  const statements = statementsOf(app, roleId);
  const calls = statements.filter(({ Action }) => Action.includes('lambda:InvokeFunction'));
  const others = statements.filter((statement) => !calls.includes(statement)).flatMap(({ Action }) => Action);
  expect(calls.flatMap(({ Action }) => Action)).toEqual(['lambda:InvokeFunction']);
  expect(calls.flatMap(({ Resource }) => Resource).toSorted()).toEqual(
    tasks.map(([, { Arguments }]) => String(Arguments?.FunctionName)).toSorted(),
  );
  expect(others.filter((action) => !/^(logs|xray):[A-Z][A-Za-z]+$/.test(action))).toEqual([]);
});

test('it logs errors without the data of executions, and traces', () => {
  expect(machine.Properties['LoggingConfiguration']).toMatchObject({
    Level: 'ERROR',
    IncludeExecutionData: false,
  });
  expect(machine.Properties['TracingConfiguration']).toEqual({ Enabled: true });
});
