import { entry } from './entry.ts';

/** The base image is not there or does not fit. */
export const operatingSystem = {
  'base-image-not-found': entry(
    'operating-system',
    'Base image not found',
    'No base image fits: it was withdrawn, its filter matches nothing, or it is not shared with this account.',
    'Correct the image of the operating system, or switch the definition to a newer operating system.',
  ),
  'base-image-ambiguous': entry(
    'operating-system',
    'Base image ambiguous',
    'More than one base image fits and none is the newest.',
    'Make the name filter of the operating system narrower.',
  ),
  'base-image-mismatch': entry(
    'operating-system',
    'Base image of another architecture',
    'The base image has another processor architecture than the operating system says.',
    'Correct the architecture or the image of the operating system.',
  ),
  'base-image-not-subscribed': entry(
    'operating-system',
    'Base image not subscribed',
    'The base image comes from a marketplace and its terms were not accepted in this account.',
    "Subscribe to the image in the provider's marketplace.",
  ),
  'base-image-download-failed': entry(
    'operating-system',
    'Base image not downloaded',
    'The ISO or disk that the operating system names could not be fetched by the runner.',
    'Check the URL from the network of the runner; publishers move older versions to another address.',
  ),
  'base-image-checksum-mismatch': entry(
    'operating-system',
    'Base image with another checksum',
    'What was fetched is not what the checksum of the operating system says.',
    'Take the checksum from the publisher again; the file at that address was replaced, or arrived damaged.',
  ),
};
