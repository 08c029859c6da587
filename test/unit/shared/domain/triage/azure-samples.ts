import type { Sample } from './samples.ts';

const line = (title: string, errorId: Sample['errorId'], text: string): Sample => ({
  title,
  from: 'packer-plugin-azure; Microsoft Learn: Entra error codes, Azure deployment errors',
  errorId,
  lines: [[null, text]],
});

/**
 * Error lines in the words of Packer's azure-arm (its sources), of Microsoft Entra ("Microsoft Entra authentication and
 * authorization error codes") and of Azure Resource Manager ("Troubleshoot common Azure deployment errors").
 */
export const azureSamples: Sample[] = [
  line(
    'a wrong client secret of Azure',
    'credentials-invalid',
    `==> azure-arm.image: adal: Refresh request failed. Status Code = '401'. Response body: {"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`,
  ),
  line(
    'an expired client secret of Azure',
    'credentials-invalid',
    'AuthenticationError: invalid_client: AADSTS7000222: The provided client secret keys for app are expired.',
  ),
  line(
    'an application that Azure does not know',
    'credentials-invalid',
    "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
  ),
  line(
    'a disabled subscription',
    'account-disabled',
    'Code="ReadOnlyDisabledSubscription" Message="The subscription is disabled and therefore marked as read only."',
  ),
  line(
    'a missing role in Azure',
    'permission-denied',
    `Code="AuthorizationFailed" Message="The client 'x' with object id 'x' does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourcegroups/write' over scope '/subscriptions/x'"`,
  ),
  line(
    'a policy of Azure that refuses',
    'permission-denied',
    `RequestDisallowedByPolicy: Resource 'gs0' was disallowed by policy.`,
  ),
  line(
    'a resource group for the image that is not there (S162)',
    'resource-group-not-found',
    "Build 'azure-arm.image' errored after 1 second: Cannot locate the managed image resource group images.",
  ),
  line(
    'a resource group to build in that is not there (S162)',
    'resource-group-not-found',
    `Code="ResourceGroupNotFound" Message="Resource group 'builds' could not be found."`,
  ),
  line(
    'a gallery without the image definition, 1.6',
    'gallery-not-found',
    'the Shared Gallery Image to which to publish the managed image version to does not exist in the resource group images',
  ),
  line(
    'a gallery without the image definition, the plugin',
    'gallery-not-found',
    'failed to get image "Web-Base" from image gallery "golden" in resource group "images": unexpected status 404',
  ),
  line(
    'a virtual network that is not there (S162)',
    'network-not-found',
    'Cannot find a resource group with a virtual network called "build-net"',
  ),
  line(
    'a subnet that is not there (S162)',
    'network-not-found',
    'Code="InvalidResourceReference" Message="Resource /subscriptions/x/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/build-net/subnets/none referenced by resource was not found."',
  ),
  line(
    'a managed image that is there already',
    'image-name-taken',
    'the managed image named Web-Base-v7 already exists in the resource group images, use the -force option to automatically delete it.',
  ),
  line(
    'a gallery version that is there already',
    'image-name-taken',
    'a gallery image version for image name:version Web-Base:7.0.0 already exists in gallery golden',
  ),
  line(
    'a marketplace image that is not there',
    'base-image-not-found',
    `Code="PlatformImageNotFound" Message="The platform image 'Canonical:ubuntu:server:1.0.0' is not available."`,
  ),
  line(
    'terms of a marketplace image that nobody accepted',
    'base-image-not-subscribed',
    'Code="MarketplacePurchaseEligibilityFailed" Message="Marketplace purchase eligibilty check returned errors."',
  ),
  line(
    'no quota for VMs in Azure',
    'quota-exceeded',
    `Code="QuotaExceeded" Message="Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota."`,
  ),
  line(
    'no quota, inside of a refused deployment',
    'quota-exceeded',
    `Code="InvalidTemplateDeployment" Message="The template deployment 'pkrdp' is not valid." Details=[{"code":"QuotaExceeded","message":"Operation results in exceeding quota limits of Core."}]`,
  ),
  line(
    'no free machine in Azure',
    'insufficient-capacity',
    "SkuNotAvailable: The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: Standard_D2s_v5' is currently not available in location 'westeurope'.",
  ),
  line(
    'an allocation that failed',
    'insufficient-capacity',
    'Code="ZonalAllocationFailed" Message="Allocation failed. We do not have sufficient capacity."',
  ),
  line(
    'a VM size that is not offered (S152)',
    'instance-type-invalid',
    `Code="SkuNotAvailable" Message="The requested size for resource is currently not available in location 'westus' zones '' for subscription 'x'."`,
  ),
  line(
    'a VM size of another generation (S152)',
    'instance-type-invalid',
    "The selected VM size 'Standard_A1_v2' cannot boot Hypervisor Generation '2'.",
  ),
  line(
    'a location that is not one (S152)',
    'region-invalid',
    `Code="LocationNotAvailableForResourceGroup" Message="The provided location 'mars' is not available for resource group."`,
  ),
  line(
    'too many requests to Azure',
    'requests-throttled',
    'Code="SubscriptionRequestsThrottled" Message="Number of requests for subscription exceeded the limit."',
  ),
  line(
    'a sign-in of Microsoft that cannot be reached',
    'platform-unreachable',
    'AuthenticationRequiredError: network_error: See https://aka.ms/msal.js.errors#network_error for details',
  ),
  line(
    'a disk encryption set that is not there',
    'encryption-key-unusable',
    "ResourceNotFound: The Resource 'Microsoft.Compute/diskEncryptionSets/build' under resource group 'keys' was not found.",
  ),
  line(
    'any other refused deployment of Azure (S152)',
    'builder-setting-invalid',
    `Code="InvalidTemplateDeployment" Message="The template deployment 'pkrdp' is not valid according to the validation procedure."`,
  ),
];
