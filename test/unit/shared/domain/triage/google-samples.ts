import type { Sample } from './samples.ts';

const line = (title: string, errorId: Sample['errorId'], text: string): Sample => ({
  title,
  from: 'packer-plugin-googlecompute, recorded against its stand-in; Compute Engine troubleshooting',
  errorId,
  lines: [[null, text]],
});
const packer = (text: string): string => `==> googlecompute.image: ${text}`;

/**
 * Error lines in the words of Packer's googlecompute (its sources, and recorded against the stand-in), of Google's
 * OAuth ("Using OAuth 2.0 for Server to Server Applications", error codes) and of Compute Engine ("Troubleshooting
 * VM creation", "Troubleshooting resource availability errors", "Allocation quotas").
 */
export const googleSamples: Sample[] = [
  line(
    'a key of Google that was deleted',
    'credentials-invalid',
    packer(
      'Error getting source image for instance creation: Could not find image, debian-12, in projects, [debian-cloud]: 1 error occurred: * Get "https://compute.googleapis.com/compute/v1/projects/debian-cloud/global/images/debian-12": oauth2: cannot fetch token: 400 Bad Request Response: {"error":"invalid_grant","error_description":"Invalid JWT Signature."}',
    ),
  ),
  line(
    'a token of Google that has expired',
    'credentials-invalid',
    'UNAUTHENTICATED: Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  ),
  line(
    'a missing permission of Google, by Packer',
    'permission-denied',
    packer(
      "Error creating instance: googleapi: Error 403: Required 'compute.instances.create' permission for 'projects/p/zones/europe-west1-b/instances/x', forbidden",
    ),
  ),
  line(
    'a missing permission on the base image of Google',
    'permission-denied',
    packer(
      "Error getting source image for instance creation: Could not find image, base-v1, in projects, [other]: 1 error occurred: * googleapi: Error 403: Required 'compute.images.get' permission for 'projects/other/global/images/base-v1', forbidden",
    ),
  ),
  line(
    'an API of Google that is not switched on',
    'permission-denied',
    'googleapi: Error 403: Compute Engine API has not been used in project 123 before or it is disabled., accessNotConfigured',
  ),
  line(
    'a service account of Google that may not be used',
    'permission-denied',
    packer(
      "Error creating instance: googleapi: Error 400: The user does not have access to service account 'x@p.iam.gserviceaccount.com'. Ask a project owner to grant you the iam.serviceAccountUser role on the service account, invalid",
    ),
  ),
  line(
    'a key of Cloud KMS without permission',
    'encryption-key-unusable',
    packer(
      "Error creating instance: Cloud KMS error when using key projects/p/locations/l/keyRings/r/cryptoKeys/k: Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource",
    ),
  ),
  line(
    'a quota of Google',
    'quota-exceeded',
    packer("Error creating instance: Quota 'CPUS' exceeded.  Limit: 24.0 in region europe-west1."),
  ),
  line('a quota of Google, by its code', 'quota-exceeded', "QUOTA_EXCEEDED: Quota 'SSD_TOTAL_GB' exceeded."),
  line(
    'a zone of Google that is full',
    'insufficient-capacity',
    packer(
      "Error creating instance: The zone 'projects/p/zones/europe-west1-b' does not have enough resources available to fulfill the request.  Try a different zone, or try again later.",
    ),
  ),
  line(
    'a zone of Google that is full, by its code',
    'insufficient-capacity',
    "ZONE_RESOURCE_POOL_EXHAUSTED: The zone 'projects/p/zones/europe-west1-b' does not have enough resources.",
  ),
  line(
    'too many requests to Google',
    'requests-throttled',
    packer('googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded'),
  ),
  line(
    'an image of Google that is there already, by Packer 1.6',
    'image-name-taken',
    packer('Image web-base-v7 already exists.\nUse the force flag to delete it prior to building.'),
  ),
  line(
    'an image of Google that is there already, by Compute Engine',
    'image-name-taken',
    packer(
      "Error waiting for image: googleapi: Error 409: The resource 'projects/p/global/images/web-base-v7' already exists, alreadyExists",
    ),
  ),
  line(
    'a base image of Google that is gone',
    'base-image-not-found',
    packer(
      "Error getting source image for instance creation: Could not find image, debian-7, in projects, [debian-cloud]: 1 error occurred: * googleapi: Error 404: The resource 'projects/debian-cloud/global/images/debian-7' was not found, notFound",
    ),
  ),
  line(
    'a network of Google that does not exist',
    'network-not-found',
    packer(
      "Error creating instance: googleapi: Error 404: The resource 'projects/p/global/networks/build' was not found, notFound",
    ),
  ),
  line(
    'a subnetwork of Google that does not exist',
    'network-not-found',
    packer(
      "Error creating instance: googleapi: Error 400: Invalid value for field 'resource.networkInterfaces[0].subnetwork': 'projects/p/regions/europe-west1/subnetworks/build'. The referenced subnetwork resource cannot be found., invalid",
    ),
  ),
  line(
    'a machine type that the zone of Google does not have',
    'instance-type-invalid',
    packer(
      "Error creating instance: googleapi: Error 404: The resource 'projects/p/zones/europe-west1-b/machineTypes/z9-huge' was not found, notFound",
    ),
  ),
  line(
    'a zone that Google does not have',
    'region-invalid',
    packer(
      "Error creating instance: googleapi: Error 404: The resource 'projects/p/zones/moon-north1-a' was not found, notFound",
    ),
  ),
  line(
    'an agent of Google that sets no password',
    'windows-password-timeout',
    packer('Error creating windows password: Could not retrieve password. Timed out.'),
  ),
  line(
    'a machine of Google that does not start',
    'build-vm-not-ready',
    packer('Error waiting for instance: time out while waiting for instance to become running'),
  ),
  line(
    'an image of Google that takes too long',
    'image-creation-timeout',
    packer('Error waiting for image: time out while waiting for image to register'),
  ),
  line(
    'a disk that is too small for the image of Google',
    'builder-setting-invalid',
    packer(
      "Error creating instance: googleapi: Error 400: Invalid value for field 'resource.disks[0].initializeParams.diskSizeGb': '10'. Requested disk size cannot be smaller than the image size (50 GB), invalid",
    ),
  ),
  line(
    'an image of Google without secure boot',
    'builder-setting-invalid',
    packer(
      "Image: debian-9 is not secure boot compatible. Please set 'enable_secure_boot' to false or choose another source image.",
    ),
  ),
  line(
    'an answer of Google that does not come',
    'platform-unreachable',
    'DEADLINE_EXCEEDED: Total timeout of API google.cloud.compute.v1.Images exceeded 10000 milliseconds',
  ),
];
