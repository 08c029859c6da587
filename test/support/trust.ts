import { getCACertificates, setDefaultCACertificates } from 'node:tls';

const usual = getCACertificates();

/**
 * Lets this thread believe what an authority of a test says, since the SDKs of clouds take no certificates beside a
 * proxy. One at a time: they all have the same name, and TLS looks no further than the first of a name.
 */
export const trust = (certificate: string): void => setDefaultCACertificates([...usual, certificate]);
