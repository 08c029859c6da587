/** Brings all packages up to date. Debian and Ubuntu (apt), Rocky and Amazon Linux (dnf). */
export const updateLinux = String.raw`#!/bin/sh
# Example: brings all packages of the machine up to date. Running it again changes nothing.
set -eu

# The first start of a cloud image may still be installing packages. 2: it ended with a warning.
if command -v cloud-init >/dev/null 2>&1; then
  cloud-init status --wait >/dev/null || [ "$?" -eq 2 ] || echo 'cloud-init did not end well: going on'
fi

if command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a
  # Another program may hold the lock for a while: wait for it, at most ten minutes.
  apt='apt-get -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'
  $apt update
  $apt dist-upgrade
  $apt autoremove --purge
elif command -v dnf >/dev/null 2>&1; then
  # Amazon Linux stays at its release until it is told to take the newest.
  release=''
  if grep -q '^ID="\{0,1\}amzn' /etc/os-release; then release='--releasever=latest'; fi
  dnf -y --refresh upgrade $release
  dnf -y autoremove
else
  echo 'neither apt-get nor dnf is there: this example does not fit the operating system' >&2
  exit 1
fi
`;
