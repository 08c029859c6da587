/** Images in the customer's account that no machine was needed for. */
import { CopyImageCommand, DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { customerEc2 } from '../../../support/e2e-account.ts';
import { localStack } from '../../../support/e2e-client.ts';

/** An image of the account's own, made from the base image; answers its id. */
export const copyOfBaseImage = async (name: string): Promise<string> => {
  const ec2 = customerEc2();
  const filters = [{ Name: 'name', Values: ['debian-12-amd64-*'] }];
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Filters: filters }));
  const SourceImageId = Images[0]?.ImageId;
  const copy = { SourceImageId, SourceRegion: localStack().region, Name: name };
  const { ImageId } = await ec2.send(new CopyImageCommand(copy));
  if (ImageId === undefined) throw new Error('the image was not copied');
  return ImageId;
};
