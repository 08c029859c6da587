"""Starts moto server as the customer's AWS account of the local stage.

Beside what moto does, launching an instance starts a VM, an image keeps a disk, and the account's state can be
saved and loaded. See README.md.
"""

import argparse
import os
import signal
import sys


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--manager-url", required=True, help="address of the VM manager")
    parser.add_argument("--catalogue", required=True, help="JSON file with the public images")
    parser.add_argument("--vpc-cidr", required=True, help="loopback network of the instances, e.g. 127.77.0.0/16")
    parser.add_argument("--regions", required=True, help="regions with a network, separated by commas")
    parser.add_argument("--load", help="file that POST /goldsmith/save wrote")
    return parser.parse_args()


def main():
    options = read_options()
    # moto reads its settings while it is imported.
    os.environ["MOTO_AMIS_PATH"] = options.catalogue
    os.environ["MOTO_PORT"] = str(options.port)
    os.environ["MOTO_ENABLE_AMI_VALIDATION"] = "true"
    os.environ["MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION"] = "true"

    from werkzeug.serving import run_simple

    from account import denials, encryption, images, instances, network, quotas, simulation, state, web
    from account.vm_manager import VmManager

    manager = VmManager(options.manager_url)
    denials.install()
    images.install(manager)
    encryption.install()
    instances.install(manager)
    quotas.install()
    simulation.install()
    regions = options.regions.split(",")
    if options.load:
        state.load(options.load)
    network.ensure(options.vpc_cidr, regions)
    state.reconcile(manager)

    # Not sys.exit in a request's thread: the main thread serves, and leaves run_simple by this exception.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    application = web.create_application()
    run_simple(options.host, options.port, application, threaded=True, request_handler=web.request_handler())


if __name__ == "__main__":
    main()
