/** Settings of the SSH server, in a file of their own that is read first. */
export const hardenSsh = String.raw`#!/bin/sh
# Example: closes what an SSH server rarely needs. Running it again changes nothing.
# The server is not restarted: the settings hold from the next start of the machine, so this build keeps its log-in.
set -eu

config=/etc/ssh/sshd_config
folder=/etc/ssh/sshd_config.d
# sshd takes the first value that it reads: 00 comes before what cloud-init and the distribution write.
file="$folder/00-hardening.conf"

mkdir -p "$folder"
if ! grep -Eqi '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\.d/\*\.conf' "$config"; then
  # The line must come first, for the same reason.
  sed -i '1i Include /etc/ssh/sshd_config.d/*.conf' "$config"
fi

umask 077
cat >"$file" <<'SETTINGS'
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
X11Forwarding no
AllowAgentForwarding no
MaxAuthTries 4
MaxSessions 10
LoginGraceTime 60
ClientAliveInterval 300
ClientAliveCountMax 3
SETTINGS

# Debian and Ubuntu make this folder when the server starts; the check below needs it.
mkdir -p -m 0755 /run/sshd
sshd=$(command -v sshd || echo /usr/sbin/sshd)
if ! "$sshd" -t; then
  rm -f "$file"
  echo 'sshd refuses the settings: they were taken back' >&2
  exit 1
fi
echo "written: $file"
`;
