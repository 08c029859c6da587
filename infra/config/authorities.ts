/** Certificates of authorities that builds trust besides the usual ones: read from a file, and nothing but that. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** They go into the description of the project, which CloudFormation takes up to a size. */
const MOST_CERTIFICATES = 10;

const parse = (pem: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
};

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * The certificates in a PEM file, each as it is written anew from what was understood of it: comments are gone. Or
 * what is wrong with the file.
 */
export const readAuthorities = (path: string): { certificates: string[]; problem?: string } => {
  const text = readText(path);
  if (text === undefined) return { certificates: [], problem: `cannot be read: ${path}` };
  if (text.includes('PRIVATE KEY')) return { certificates: [], problem: `${path} holds a private key` };
  const found = [...text.matchAll(CERTIFICATE)].map(([pem]) => parse(pem));
  const certificates = found.filter((one) => one !== undefined);
  if (found.length === 0 || certificates.length < found.length)
    return { certificates: [], problem: `${path} is no PEM file of certificates` };
  if (certificates.length > MOST_CERTIFICATES)
    return { certificates: [], problem: `${path} holds more than ${MOST_CERTIFICATES} certificates` };
  if (certificates.some((one) => !one.ca))
    return { certificates: [], problem: `${path} holds a certificate that is no authority's` };
  return { certificates: certificates.map((one) => one.toString().trim()) };
};
