import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';

const checkout = join(import.meta.dirname, '../..');

/** Every file that the function's bundle is made of. */
const inputs = Object.keys(
  buildSync({
    entryPoints: [join(checkout, 'functions/api/public/handler.ts')],
    absWorkingDir: checkout,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'error',
  }).metafile.inputs,
);

test('what answers strangers has the texts of the sysprep scripts, and neither a platform nor a compiler', () => {
  const platforms = inputs.filter((file) => file.startsWith('shared/platforms/')).sort();
  expect(platforms).toEqual([
    'shared/platforms/aws/generalise.ts',
    'shared/platforms/azure/generalise.ts',
    'shared/platforms/gcp/generalise.ts',
    'shared/platforms/generalise-script.ts',
  ]);
  expect(inputs.filter((file) => file.startsWith('shared/packer/'))).toEqual([]);
});

test('what answers strangers knows no cloud', () => {
  expect(
    inputs.filter((file) => /node_modules\/(@aws-sdk|@smithy|@azure|@google-cloud|google-)/.test(file)),
  ).toEqual([]);
});
