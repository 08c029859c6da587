import {
  BatchGetBuildsCommand,
  type Build,
  type CodeBuildClient,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';

/** 100 builds are the most that one BatchGetBuilds tells of. */
const BATCH = 100;

/** What CodeBuild says of the builds of due runs: one call for a hundred of them. */
export const builds = (client: CodeBuildClient) => {
  const known = new Map<string, Build>();
  return {
    load: async (ids: string[]): Promise<void> => {
      known.clear();
      for (let start = 0; start < ids.length; start += BATCH) {
        const answer = await client.send(new BatchGetBuildsCommand({ ids: ids.slice(start, start + BATCH) }));
        for (const build of answer.builds ?? []) known.set(build.id ?? '', build);
      }
    },

    /** The status of a build that has ended, `gone` when CodeBuild does not know it, undefined while it runs. */
    ended: (id: string): string | undefined => {
      const build = known.get(id);
      if (build === undefined) return 'gone';
      return build.buildStatus === 'IN_PROGRESS' ? undefined : build.buildStatus;
    },

    stop: async (id: string): Promise<void> => {
      await client.send(new StopBuildCommand({ id }));
    },
  };
};
export type Builds = ReturnType<typeof builds>;
