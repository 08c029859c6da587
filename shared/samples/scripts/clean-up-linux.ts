/** Takes out of the machine what must not be the same on every machine made from the image. Must run last. */
export const cleanUpLinux = String.raw`#!/bin/sh
# Example: the last step of a Linux image. Takes out what is only this machine's: its identity, keys, logs and caches.
# Running it again changes nothing. Who is logged in stays so; nobody logs in anew to this machine.
set -eu

if command -v apt-get >/dev/null 2>&1; then
  apt-get clean
  rm -rf /var/lib/apt/lists/*
elif command -v dnf >/dev/null 2>&1; then
  dnf clean all
  rm -rf /var/cache/dnf
fi

# Host keys are made anew by cloud-init, or by sshd-keygen on Rocky and Amazon Linux. Without either, a machine made
# from the image could never be reached again.
if command -v cloud-init >/dev/null 2>&1 || [ -e /usr/lib/systemd/system/sshd-keygen@.service ]; then
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
else
  echo 'nothing would make new SSH host keys: they stay'
fi

# Keys that were placed for this build. Whoever starts the image places new ones.
rm -f /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys
rm -f /root/.bash_history /home/*/.bash_history /root/.viminfo /home/*/.viminfo

# On Azure this is part of generalising a Linux machine; it also removes the user of the build.
if command -v waagent >/dev/null 2>&1 && [ -d /var/lib/waagent ]; then
  waagent -force -deprovision+user
fi

if command -v cloud-init >/dev/null 2>&1; then
  cloud-init clean --logs
fi

# Empty, not gone: then systemd makes a new one at the first start, also where /etc is read-only until late.
: >/etc/machine-id
if [ -e /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then
  rm -f /var/lib/dbus/machine-id
  ln -s /etc/machine-id /var/lib/dbus/machine-id
fi
rm -f /var/lib/systemd/random-seed /var/lib/dhcp/*.leases /var/lib/NetworkManager/*.lease

if command -v journalctl >/dev/null 2>&1; then
  journalctl --rotate >/dev/null 2>&1 || true
  journalctl --vacuum-time=1s >/dev/null 2>&1 || true
fi
# Files of logs stay, so that nothing misses them; what they hold goes.
find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*-20[0-9]*' \) -delete
find /var/log -type f -exec truncate -s 0 {} +
sync
`;
