import { createHash } from 'node:crypto';
import type { SysprepScriptList } from '../../../shared/contracts/entities/sysprep-script.ts';
import { platformKinds } from '../../../shared/contracts/platforms/kinds.ts';
import { awsGeneralise } from '../../../shared/platforms/aws/generalise.ts';
import { azureGeneralise } from '../../../shared/platforms/azure/generalise.ts';
import { gcpGeneralise } from '../../../shared/platforms/gcp/generalise.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { onPremisesSysprep } from '../../../shared/samples/scripts/on-premises-sysprep.ts';

/** The scripts themselves, not the platforms: those would bring their whole builders with them. */
const clouds = { aws: awsGeneralise, azure: azureGeneralise, gcp: gcpGeneralise };

type Published = Pick<SysprepScriptList['items'][number], 'title' | 'platforms' | 'addedByItself'> & {
  text: string;
};

const published = new Map<string, Published>([
  ...Object.entries(clouds).map(([id, { name, script }]): [string, Published] => [
    id,
    { title: name, platforms: [id], addedByItself: true, text: script },
  ]),
  [
    'on-premises',
    {
      title: 'Example for images that are built on-premises',
      platforms: Object.entries(platformKinds).flatMap(([id, { runsOn }]) =>
        runsOn === 'connector' ? [id] : [],
      ),
      addedByItself: false,
      text: onPremisesSysprep,
    },
  ],
]);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Every published script, without its text. */
export const sysprepScriptList: SysprepScriptList = {
  items: [...published].map(([id, { text, ...about }]) => ({
    id,
    ...about,
    sizeBytes: Buffer.byteLength(text),
    sha256: sha256(text),
    url: `/v1/sysprep-scripts/${id}`,
  })),
};

/** Whether `If-None-Match` names an entity tag; a weak one is the same to it. */
const isKnown = (known: string, etag: string): boolean =>
  known.split(',').some((one) => ['*', etag, `W/${etag}`].includes(one.trim()));

/**
 * The text of one script (S89), or nothing to whoever has it already. It changes with a deployment only, so it may be
 * kept for a while. Throws not-found.
 */
export const sysprepScriptAnswer = (id: string, known = ''): Answer => {
  const found = published.get(id);
  if (found === undefined) throw notFound('script');
  const headers = { 'cache-control': 'public, max-age=300', etag: `"${sha256(found.text)}"` };
  if (isKnown(known, headers.etag)) return { status: 304, headers };
  return {
    headers: {
      ...headers,
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `inline; filename="${id}-sysprep.ps1"`,
    },
    body: found.text,
  };
};
