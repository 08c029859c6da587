import { createCA, createCert } from 'mkcert';

/** A key and its certificate, both as PEM. */
export type Certified = { key: string; certificate: string };

/** An authority of one machine: whoever is told to trust it believes the certificates that it makes. */
export type Authority = {
  /** What a client must trust, as PEM. */
  certificate: string;
  /** A server's key and certificate; asked for again it answers the same. */
  certify: (host: string) => Promise<Certified>;
};

/** Nobody keeps it: it is made anew at each start. */
const LIFE_DAYS = 30;

/** Makes an authority with a key of its own. */
export const makeAuthority = async (): Promise<Authority> => {
  const root = await createCA({
    organization: 'Goldsmith stand-ins of this machine',
    countryCode: 'DE',
    state: 'none',
    locality: 'none',
    validity: LIFE_DAYS,
  });
  const make = async (host: string): Promise<Certified> => {
    const { key, cert } = await createCert({ ca: root, domains: [host], validity: LIFE_DAYS });
    return { key, certificate: cert };
  };
  const certificates = new Map<string, Promise<Certified>>();
  return {
    certificate: root.cert,
    certify: (host) => {
      const known = certificates.get(host) ?? make(host);
      certificates.set(host, known);
      return known;
    },
  };
};
