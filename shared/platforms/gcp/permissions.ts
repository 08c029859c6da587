import type { GcpSnapshot } from './base-image.ts';
import { imageProjectOf, projectOf } from './base-image.ts';

/** Permissions of IAM and the project in which they are needed. */
export type Needed = {
  projectId: string;
  permissions: string[];
  /** They may be granted on the one subnetwork, service account or tunnel alone, which the project does not tell. */
  elsewhere: string[];
};

const compute = (resource: string, ...verbs: string[]): string[] =>
  verbs.map((verb) => `compute.${resource}.${verb}`);

/** The calls of Packer's `googlecompute` plugin and of client-*.ts; each method's page in the REST reference says what it needs. */
const builds = [
  ...compute('disks', 'create', 'delete', 'get', 'useReadOnly'),
  ...compute('diskTypes', 'get'),
  ...compute('instances', 'create', 'delete', 'get', 'getSerialPortOutput', 'list'),
  ...compute('instances', 'setLabels', 'setMetadata', 'setServiceAccount', 'setTags'),
  ...compute('machineTypes', 'get'),
  ...compute('projects', 'get'),
  ...compute('regions', 'get'),
  ...compute('zoneOperations', 'get'),
  ...compute('zones', 'get', 'list'),
];
const images = [
  ...compute('globalOperations', 'get'),
  ...compute('images', 'create', 'delete', 'deprecate', 'get', 'getFromFamily', 'list'),
  ...compute('images', 'setLabels', 'useReadOnly'),
];
const networks = [...compute('networks', 'get'), ...compute('subnetworks', 'get', 'use')];
const outsideAddress = compute('subnetworks', 'useExternalIp');
const actAs = 'iam.serviceAccounts.actAs';
const tunnel = 'iap.tunnelInstances.accessViaIAP';

/** What a connection needs in its own project, whatever the builder. */
export const connectionNeeds = (projectId: string): Needed => ({
  projectId,
  permissions: [...builds, ...images],
  elsewhere: [...networks, ...outsideAddress, actAs],
});

/** What the builds of a builder configuration need, project by project. */
export const buildNeeds = (snapshot: GcpSnapshot): Needed[] => {
  const { settings } = snapshot.builderConfiguration;
  const own = projectOf(snapshot);
  const parts: Needed[] = [
    {
      projectId: own,
      permissions: builds,
      elsewhere: [
        ...(settings.disableDefaultServiceAccount === true ? [] : [actAs]),
        ...(settings.useIap === true ? [tunnel] : []),
      ],
    },
    { projectId: imageProjectOf(snapshot), permissions: images, elsewhere: [] },
    {
      projectId: settings.networkProjectId ?? own,
      permissions: [],
      elsewhere: [...networks, ...(settings.omitExternalIp === true ? [] : outsideAddress)],
    },
  ];
  return [...Map.groupBy(parts, ({ projectId }) => projectId)].map(([projectId, some]) => ({
    projectId,
    permissions: some.flatMap(({ permissions }) => permissions),
    elsewhere: some.flatMap(({ elsewhere }) => elsewhere),
  }));
};
