import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileNameSchema } from '../../../../../shared/contracts/entities/resource.ts';
import { attachmentNamed } from '../../../../../shared/domain/resource/content-disposition.ts';

/** The grammar of RFC 6266 with RFC 5987's attr-char, as far as we write it. */
const HEADER =
  /^attachment; filename="[A-Za-z0-9._ -]*"; filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+)$/;

const fileName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 80 })
  .filter((name) => fileNameSchema.safeParse(name).success);

test('any file name is one header in plain ASCII, and is read back exactly (S90)', () => {
  fc.assert(
    fc.property(fileName, (name) => {
      const encoded = HEADER.exec(attachmentNamed(name))?.[1];
      expect(decodeURIComponent(encoded ?? '')).toBe(name);
    }),
  );
});

test.each(['a"; filename=evil.sh', "a'b", 'a;b', 'a*b(c)', '100%', 'a b', 'Größe', '日本語 📦'])(
  '%s cannot end the header early',
  (name) => {
    expect(attachmentNamed(name)).toMatch(HEADER);
  },
);
