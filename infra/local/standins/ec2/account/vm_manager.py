"""Client of the VM manager."""

import json
import urllib.error
import urllib.request

from moto.ec2.exceptions import EC2ClientError

# A stop waits for the guest to go off (15 s at most), an image for its disk to be copied.
TIMEOUT_SECONDS = 330


class VmManager:
    def __init__(self, url):
        self._url = url
        # No proxy: the manager is on this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method, path, body=None):
        """Returns the parsed answer; raises a refusal as the EC2 error that it names."""
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as refusal:
            error = json.load(refusal)["error"]
            raise EC2ClientError(error["code"], error["message"]) from refusal
        except urllib.error.URLError as failure:
            raise EC2ClientError("Unavailable", f"The VM manager does not answer: {failure.reason}") from failure

    def launch(self, instance, authorized_keys):
        self.call(
            "POST",
            "/vms",
            {
                "instanceId": instance.id,
                "imageId": instance.image_id,
                "address": instance.private_ip,
                "authorizedKeys": authorized_keys,
                "userData": str(instance.user_data or ""),
            },
        )

    def start(self, instance_id):
        self.call("POST", f"/vms/{instance_id}/start")

    def stop(self, instance_id, force=False):
        self.call("POST", f"/vms/{instance_id}/stop", {"force": force})

    def reboot(self, instance_id):
        self.call("POST", f"/vms/{instance_id}/reboot")

    def terminate(self, instance_id):
        self.call("DELETE", f"/vms/{instance_id}")

    def states(self):
        """State of each VM, by instance id."""
        return {vm["instanceId"]: vm["state"] for vm in self.call("GET", "/vms")}

    def create_image(self, image_id, instance_id):
        self.call("PUT", f"/disks/{image_id}", {"instanceId": instance_id})

    def copy_image(self, image_id, source_image_id):
        self.call("PUT", f"/disks/{image_id}", {"imageId": source_image_id})

    def delete_image(self, image_id):
        self.call("DELETE", f"/disks/{image_id}")

    def keep_only(self, instance_ids, image_ids):
        """Deletes all other VMs and disks; returns the ids of the VMs and disks that are there."""
        left = self.call("POST", "/keep-only", {"instanceIds": instance_ids, "imageIds": image_ids})
        return {vm["instanceId"]: vm["state"] for vm in left["vms"]}, set(left["disks"])
