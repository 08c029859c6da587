/** Writes docs/openapi.json. Run by `npm run openapi`; a test fails while the file differs from the routes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from './document.ts';

const target = join(import.meta.dirname, '../../docs/openapi.json');
writeFileSync(target, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
