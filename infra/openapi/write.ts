/** Writes docs/openapi.json and docs/access.md. Run by `npm run openapi`; tests fail while a file differs from the routes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessDocument } from './access-document.ts';
import { openApiDocument } from './document.ts';

const docs = join(import.meta.dirname, '../../docs');
writeFileSync(join(docs, 'openapi.json'), `${JSON.stringify(openApiDocument(), null, 2)}\n`);
writeFileSync(join(docs, 'access.md'), accessDocument());
