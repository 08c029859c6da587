/** What an account of the stand-in holds before anybody builds in it; every test may change its copy. */

export type MarketplaceImage = {
  publisher: string;
  offer: string;
  sku: string;
  version: string;
  operatingSystem: 'Linux' | 'Windows';
  hyperVGeneration: 'V1' | 'V2';
  architecture: 'x64' | 'Arm64';
  plan?: { name: string; product: string; publisher: string };
  imageDeprecationStatus?: { imageState: string; scheduledDeprecationTime?: string };
};

export type VmSize = {
  name: string;
  family: string;
  capabilities: Record<string, string>;
  /** Why the subscription may not have it there. */
  restriction?: 'NotAvailableForSubscription' | 'QuotaId';
};

export type Usage = { name: string; currentValue: number; limit: number };

export type PermissionSet = { actions: string[]; notActions: string[] };

export type Account = {
  tenantId: string;
  subscriptionId: string;
  /** `Enabled`, `Disabled`, `PastDue`, `Warned`, `Deleted`. */
  subscriptionState: string;
  clientId: string;
  clientSecret: string;
  /** When that ends, as Microsoft Graph tells it; undefined: the application may not read itself there. */
  clientSecretEndsAt: string | undefined;
  /** Assertion that stands in for a token of the trusted issuer (workload identity). */
  clientAssertion: string;
  locations: string[];
  sizes: VmSize[];
  usages: Usage[];
  images: MarketplaceImage[];
  /** `publisher/offer/plan` of images whose terms are accepted. */
  acceptedTerms: string[];
  /** Roles of the client, by scope; the longest scope that a resource lies in counts beside all above it. */
  permissions: { scope: string; permissions: PermissionSet[] }[];
};

const capabilities = (vCPUs: number, more: Record<string, string> = {}): Record<string, string> => ({
  vCPUs: String(vCPUs),
  HyperVGenerations: 'V1,V2',
  CpuArchitectureType: 'x64',
  PremiumIO: 'True',
  EncryptionAtHostSupported: 'True',
  AcceleratedNetworkingEnabled: 'True',
  DiskControllerTypes: 'SCSI',
  ...more,
});

const ubuntu = (version: string): MarketplaceImage => ({
  publisher: 'Canonical',
  offer: 'ubuntu-24_04-lts',
  sku: 'server',
  version,
  operatingSystem: 'Linux',
  hyperVGeneration: 'V2',
  architecture: 'x64',
  imageDeprecationStatus: { imageState: 'Active' },
});

const windows: MarketplaceImage = {
  publisher: 'MicrosoftWindowsServer',
  offer: 'WindowsServer',
  sku: '2022-datacenter-g2',
  version: '20348.4294.261105',
  operatingSystem: 'Windows',
  hyperVGeneration: 'V2',
  architecture: 'x64',
  imageDeprecationStatus: { imageState: 'Active' },
};

const rocky: MarketplaceImage = {
  publisher: 'resf',
  offer: 'rockylinux-x86_64',
  sku: '9-base',
  version: '9.6.20250531',
  operatingSystem: 'Linux',
  hyperVGeneration: 'V2',
  architecture: 'x64',
  plan: { name: '9-base', product: 'rockylinux-x86_64', publisher: 'resf' },
};

/** One subscription with one application, which may do everything. Its versions of Ubuntu are not in order of their text. */
export const newAccount = (): Account => ({
  tenantId: '00000000-0000-4000-8000-000000000001',
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  subscriptionState: 'Enabled',
  clientId: '00000000-0000-4000-8000-000000000001',
  clientSecret: 'local-client-secret',
  clientSecretEndsAt: '2299-12-31T00:00:00Z',
  clientAssertion: 'local-client-assertion',
  locations: ['westeurope', 'northeurope', 'germanywestcentral'],
  sizes: [
    { name: 'Standard_D2s_v5', family: 'standardDSv5Family', capabilities: capabilities(2) },
    {
      name: 'Standard_D2ps_v5',
      family: 'standardDPSv5Family',
      capabilities: capabilities(2, { CpuArchitectureType: 'Arm64', HyperVGenerations: 'V2' }),
    },
    {
      name: 'Standard_A1_v2',
      family: 'standardAv2Family',
      capabilities: capabilities(1, {
        HyperVGenerations: 'V1',
        PremiumIO: 'False',
        EncryptionAtHostSupported: 'False',
        AcceleratedNetworkingEnabled: 'False',
      }),
    },
  ],
  usages: [
    { name: 'cores', currentValue: 10, limit: 100 },
    { name: 'lowPriorityCores', currentValue: 0, limit: 3 },
    { name: 'standardDSv5Family', currentValue: 8, limit: 20 },
    { name: 'standardDPSv5Family', currentValue: 0, limit: 10 },
    { name: 'standardAv2Family', currentValue: 0, limit: 10 },
  ],
  images: [ubuntu('24.04.202609010'), ubuntu('24.4.9'), ubuntu('24.04.202611010'), windows, rocky],
  acceptedTerms: [],
  permissions: [{ scope: '', permissions: [{ actions: ['*'], notActions: [] }] }],
});
