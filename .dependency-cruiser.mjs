/** Who may import whom (docs/architecture.md). Whoever breaks a rule is told which, and the build fails. */
const below = (...folders) => `^(${folders.join('|')})/`;
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const shared = (...parts) => parts.map((part) => `shared/${part}`);
const sdk = '^node_modules/(@aws-sdk|@smithy|@azure|@google-cloud)/';

/** A folder may reach these folders and itself, nothing else of ours. */
const onlyReaches = (folder, ...allowed) =>
  rule(
    `${folder.replaceAll('/', '-')}-reaches-too-far`,
    `${folder} may import ${[folder, ...allowed].join(', ')} and nothing else of ours`,
    { path: below(folder) },
    { path: below('shared', 'functions', 'infra', 'events', 'test'), pathNot: below(folder, ...allowed) },
  );

export default {
  forbidden: [
    onlyReaches('shared/contracts'),
    rule(
      'contracts-know-zod-only',
      'contracts are read at synth time, run time and by clients',
      { path: below('shared/contracts') },
      { path: '^node_modules/', pathNot: '^node_modules/zod/' },
    ),
    onlyReaches('shared/domain', ...shared('contracts'), 'events'),
    onlyReaches('events', ...shared('contracts')),
    onlyReaches('shared/platforms', ...shared('contracts', 'domain')),
    onlyReaches('shared/packer', ...shared('contracts', 'domain', 'platforms')),
    onlyReaches('shared/store', ...shared('contracts', 'domain')),
    onlyReaches('shared/samples', ...shared('contracts', 'domain')),
    onlyReaches(
      'shared/actions',
      ...shared('contracts', 'domain', 'platforms', 'packer', 'samples', 'store'),
      'events',
    ),
    onlyReaches('shared/runtime', ...shared('contracts', 'domain', 'store', 'actions'), 'events'),
    onlyReaches('functions', 'shared', 'events', 'docs'),
    rule(
      'functions-never-import-each-other',
      'each is deployed by itself; what two of them do belongs to shared/actions',
      { path: '^functions/((api|workflow|events|jobs|socket)/[^/]+|agent-api|runner)/' },
      { path: '^functions/', pathNot: '^functions/$1/' },
    ),
    onlyReaches('infra', ...shared('contracts'), 'events'),
    rule(
      'decisions-know-no-cloud',
      'domain, compiler and the pure part of a platform are decided by their input alone',
      {
        path: below(...shared('domain', 'packer', 'platforms', 'samples')),
        pathNot: '^shared/platforms/[^/]+/client',
      },
      { path: sdk },
    ),
    rule(
      'cdk-stays-in-infra',
      'only synth time knows the CDK',
      { pathNot: below('infra', 'test') },
      {
        path: '^node_modules/(aws-cdk-lib|constructs|cdk-nag)/',
      },
    ),
    rule(
      'nothing-imports-tests',
      'tests import, they are not imported',
      { pathNot: below('test') },
      { path: below('test') },
    ),
    rule('no-cycles', 'what goes in circles cannot be read from one end', {}, { circular: true }),
    rule(
      'no-unknown-imports',
      'an import that leads nowhere',
      {},
      { couldNotResolve: true, pathNot: '\\.json$' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    // TypeScript 7 has no compiler API that could be asked; SWC reads the same files.
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
