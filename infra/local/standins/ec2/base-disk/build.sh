#!/bin/sh
# Makes a bootable qcow2 disk (MBR + syslinux + ext4: Debian's cloud kernel, busybox, bash, OpenSSH, sudo) from Debian packages.
# Needs neither root nor loop devices.
#   build.sh <folder that keeps the downloaded packages> <work folder> <disk to write>
set -eu
here=$(cd "$(dirname "$0")" && pwd)
packages=$1
work=$2
disk=$3
PATH=$PATH:/usr/sbin:/sbin

boot_mib=24   # kernel 7 MiB, drivers, boot loader
root_mib=200  # 20 MiB are used; the rest is for what provisioners bring. Empty blocks cost nothing in a qcow2 file.

drivers="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover net_failover virtio_net qemu_fw_cfg"

# The given packages and the shared libraries they need, however they are called on this release.
with_libraries() {
  known=$*
  new=$*
  while [ -n "$new" ]; do
    # shellcheck disable=SC2086
    found=$(apt-cache depends --important $new | awk '$1 ~ /Depends:$/ && $2 ~ /^(lib|zlib)/ {print $2}' | sort -u)
    new=
    for package in $found; do
      case " $known " in *" $package "*) ;; *) new="$new $package" ;; esac
    done
    known="$known$new"
  done
  echo "$known"
}

download() {
  kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" {print $2; exit}')
  [ -n "$kernel" ] || { echo "apt knows no linux-image-cloud-amd64: run apt-get update, on Debian for amd64" >&2; exit 1; }
  mkdir -p "$work/download"
  # shellcheck disable=SC2046
  (cd "$work/download" && apt-get download -qq "$kernel" busybox-static $(with_libraries bash openssh-server openssh-client openssh-sftp-server sudo))
  # Renamed as a whole, so that an interrupted download is never taken for a complete one.
  mv -T "$work/download" "$packages" 2>/dev/null || [ -d "$packages" ]
}

# Copies a program out of the unpacked packages, with the libraries that its loader names.
install_program() {
  mkdir -p "$root$(dirname "$1")"
  cp "$unpacked$1" "$root$1"
  "$loader" --library-path "$library_path" --list "$unpacked$1" | grep -o "$unpacked[^ ]*" | while read -r library; do
    target=$root/lib/x86_64-linux-gnu/$(basename "$library")
    [ -e "$target" ] || cp -L "$library" "$target"
  done
}

make_root() {
  for folder in bin sbin usr/bin usr/sbin usr/local/bin etc/ssh etc/pam.d lib/x86_64-linux-gnu/security lib64 \
    dev proc sys run tmp root mnt opt srv var/lib/sudo var/log var/tmp; do mkdir -p "$root/$folder"; done
  cp "$busybox" "$root/bin/busybox"
  for applet in $("$busybox" --list-full); do
    case "$applet" in bin/busybox|sbin/init|sbin/poweroff|sbin/reboot|sbin/halt|linuxrc) ;; *) mkdir -p "$root/$(dirname "$applet")"; ln -s /bin/busybox "$root/$applet" ;; esac
  done
  # Where bash is differs between releases; scripts name it by /bin/bash.
  bash=$(cd "$unpacked" && ls bin/bash usr/bin/bash 2>/dev/null | head -1)
  install_program "/$bash"
  [ -e "$root/bin/bash" ] || ln -s "/$bash" "$root/bin/bash"
  cp -L "$loader" "$root/lib64/ld-linux-x86-64.so.2"
  for program in /usr/sbin/sshd /usr/bin/ssh-keygen /usr/bin/scp /usr/lib/openssh/sftp-server /usr/bin/sudo; do install_program $program; done
  mkdir -p "$root/usr/libexec/sudo"
  cp -P "$unpacked"/usr/libexec/sudo/libsudo_util.so* "$root/usr/libexec/sudo/"
  install_program /usr/libexec/sudo/sudoers.so
  cp "$(find "$unpacked" -name pam_permit.so | head -1)" "$root/lib/x86_64-linux-gnu/security/"
  configure_root
}

configure_root() {
  cp "$here/guest/passwd" "$root/etc/passwd"
  cp "$here/guest/sshd_config" "$root/etc/ssh/sshd_config"
  cp "$here/guest/init" "$root/sbin/init"
  cp "$here/guest/poweroff" "$root/sbin/poweroff"
  chmod 755 "$root/sbin/init" "$root/sbin/poweroff"
  for name in reboot halt shutdown; do ln -sf poweroff "$root/sbin/$name"; done
  # "*" allows no password, yet does not lock the account for keys as "!" would.
  awk -F: '{print $1 ":*:19000:0:99999:7:::"}' "$root/etc/passwd" >"$root/etc/shadow"
  awk -F: '{print $1 ":x:" $4 ":"}' "$root/etc/passwd" >"$root/etc/group"
  printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
  printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
  printf 'auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n' >"$root/etc/pam.d/sudo"
  printf 'Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nroot ALL=(ALL) ALL\n' >"$root/etc/sudoers"
  awk -F: '$3 >= 1000 && $3 < 2000 {print $1 " ALL=(ALL) NOPASSWD:ALL"}' "$root/etc/passwd" >>"$root/etc/sudoers"
  printf 'NAME="Goldsmith local instance"\nID=goldsmith-local\n' >"$root/etc/os-release"
  awk -F: '$3 >= 1000 && $3 < 2000 {print $6}' "$root/etc/passwd" | while read -r home; do mkdir -p "$root$home/.ssh"; chmod 755 "$root$home"; chmod 700 "$root$home/.ssh"; done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root" "$root/var/lib/sudo"
  chmod 600 "$root/etc/shadow"
  chmod 440 "$root/etc/sudoers"
}

# mke2fs takes the builder's own user id: give everything to root, the homes to their users, and sudo its setuid bit.
give_owners() {
  (cd "$root" && find . | sed 's/^\.//; s/^$/\//') | while read -r path; do
    case "$path" in
      /home/*) name=${path#/home/}; id=$(awk -F: -v n="${name%%/*}" '$1 == n {print $3}' "$root/etc/passwd") ;;
      *) id=0 ;;
    esac
    printf 'sif "%s" uid %s\nsif "%s" gid %s\n' "$path" "$id" "$path" "$id"
  done >"$work/owners"
  echo 'sif /usr/bin/sudo mode 0104755' >>"$work/owners"
  debugfs -w -f "$work/owners" "$1" >/dev/null 2>"$work/debugfs.log"
}

make_initramfs() {
  initramfs=$work/initramfs
  mkdir -p "$initramfs/bin" "$initramfs/dev" "$initramfs/lib" "$initramfs/mnt"
  cp "$busybox" "$initramfs/bin/busybox"
  for applet in sh insmod mount switch_root usleep; do ln -s busybox "$initramfs/bin/$applet"; done
  cp "$here/guest/initramfs-init" "$initramfs/init"
  chmod 755 "$initramfs/init"
  for driver in $drivers; do
    file=$(find "$unpacked/lib/modules" "$unpacked/usr/lib/modules" -name "$driver.ko*" 2>/dev/null | head -1)
    [ -n "$file" ] || { echo "the kernel package has no driver $driver" >&2; exit 1; }
    case "$file" in
      *.xz) xz -dc "$file" >"$initramfs/lib/$driver.ko" ;;
      *) cp "$file" "$initramfs/lib/$driver.ko" ;;
    esac
    echo "$driver" >>"$initramfs/lib/modules.list"
  done
  (cd "$initramfs" && find . | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null) | gzip -1 >"$work/initrd.gz"
}

make_boot() {
  rm -f "$work/boot.img"
  truncate -s "${boot_mib}M" "$work/boot.img"
  mkfs.fat -n BOOT "$work/boot.img" >/dev/null
  cat >"$work/syslinux.cfg" <<EOF
DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
  KERNEL vmlinuz
  INITRD initrd.gz
  APPEND $kernel_arguments
EOF
  MTOOLS_SKIP_CHECK=1 mcopy -i "$work/boot.img" "$kernel_image" ::vmlinuz
  MTOOLS_SKIP_CHECK=1 mcopy -i "$work/boot.img" "$work/initrd.gz" "$work/syslinux.cfg" ::
  syslinux --install "$work/boot.img"
}

assemble() {
  rm -f "$work/root.img" "$work/disk.raw"
  mke2fs -q -t ext4 -O ^metadata_csum,^64bit -m 0 -d "$root" "$work/root.img" "${root_mib}M"
  give_owners "$work/root.img"
  truncate -s "$((1 + boot_mib + root_mib))M" "$work/disk.raw"
  printf 'label: dos\nstart=1MiB, size=%sMiB, type=c, bootable\nstart=%sMiB, size=%sMiB, type=83\n' "$boot_mib" "$((1 + boot_mib))" "$root_mib" | sfdisk -q "$work/disk.raw"
  dd if=/usr/lib/syslinux/mbr/mbr.bin of="$work/disk.raw" conv=notrunc bs=440 count=1 status=none
  dd if="$work/boot.img" of="$work/disk.raw" conv=notrunc,sparse bs=1M seek=1 status=none
  dd if="$work/root.img" of="$work/disk.raw" conv=notrunc,sparse bs=1M seek="$((1 + boot_mib))" status=none
  qemu-img convert -O qcow2 "$work/disk.raw" "$disk.new"
  mv "$disk.new" "$disk"
}

# The second line shortens an emulated boot from 3.3 s to 2.7 s: no self tests, no calibration, no patching of locks.
kernel_arguments="console=ttyS0 quiet net.ifnames=0 panic=-1 mitigations=off"
kernel_arguments="$kernel_arguments cryptomgr.notests tsc=reliable nokaslr no_timer_check noreplace-smp audit=0 apparmor=0"
unpacked=$work/unpacked
root=$work/root
rm -rf "$unpacked" "$root" "$work/initramfs"
mkdir -p "$unpacked" "$root"
[ -d "$packages" ] || download
for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$unpacked"; done
busybox=$(find "$unpacked/bin" "$unpacked/usr/bin" -name busybox 2>/dev/null | head -1)
loader=$(find "$unpacked" -name 'ld-linux-x86-64.so.2' -type f -o -name 'ld-2*.so' -type f | head -1)
[ -n "$loader" ] || loader=$(find "$unpacked" -name 'ld-linux-x86-64.so.2' | head -1)
library_path=$unpacked/lib/x86_64-linux-gnu:$unpacked/usr/lib/x86_64-linux-gnu:$unpacked/usr/libexec/sudo
kernel_image=$(find "$unpacked/boot" -name 'vmlinuz-*' | head -1)
make_root
make_initramfs
make_boot
assemble
