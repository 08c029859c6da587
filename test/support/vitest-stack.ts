/** Vitest's global set-up of the project `machine`: one stack for all of its tests. */
import type { TestProject } from 'vitest/node';
import { type LocalStackInfo, removeAbandonedStacks, startLocalStack } from './local-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    localStack: LocalStackInfo;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandonedStacks();
  const { broken, save: _save, stop, ...info } = await startLocalStack({ log: (line) => console.log(line) });
  let isStopping = false;
  const tell = (server: string) => console.error(`${server} has ended unasked: all later tests will fail.`);
  void broken.then((server) => isStopping || tell(server));
  project.provide('localStack', info);
  return () => {
    isStopping = true;
    return stop();
  };
}
