/** Settings of the kernel, and no core dumps. */
export const hardenKernel = String.raw`#!/bin/sh
# Example: settings of the kernel against spoofed and redirected traffic and against looks into other processes.
# Running it again changes nothing. A router or a host of containers needs other network settings.
set -eu

cat >/etc/sysctl.d/90-hardening.conf <<'SETTINGS'
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
kernel.randomize_va_space = 2
kernel.unprivileged_bpf_disabled = 1
kernel.yama.ptrace_scope = 1
fs.protected_fifos = 1
fs.protected_hardlinks = 1
fs.protected_regular = 2
fs.protected_symlinks = 1
fs.suid_dumpable = 0
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv4.conf.default.accept_source_route = 0
net.ipv4.conf.all.log_martians = 1
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.send_redirects = 0
net.ipv4.icmp_echo_ignore_broadcasts = 1
net.ipv4.icmp_ignore_bogus_error_responses = 1
net.ipv4.tcp_syncookies = 1
net.ipv6.conf.all.accept_redirects = 0
net.ipv6.conf.default.accept_redirects = 0
net.ipv6.conf.all.accept_source_route = 0
SETTINGS

mkdir -p /etc/security/limits.d
echo '* hard core 0' >/etc/security/limits.d/90-no-core-dumps.conf

# -e: a kernel without one of them, for example without IPv6, is no failure.
sysctl -e -p /etc/sysctl.d/90-hardening.conf
`;
