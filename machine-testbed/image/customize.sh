#!/bin/sh
# Turns a fresh Debian tree into a host's. Usage: customize.sh ROOT INIT DEBS, where DEBS is a list of packages to
# put, with all they need, into an offline source.
set -eu
root=$1 init=$2 debs=$3

# A host gets keys of its own at its first boot.
rm -f "$root"/etc/ssh/ssh_host_*
for user in deploy guest; do chroot "$root" useradd --create-home --shell /bin/bash "$user"; done
echo 'deploy ALL=(ALL) NOPASSWD:ALL' >"$root/etc/sudoers.d/deploy"
chmod 440 "$root/etc/sudoers.d/deploy"
install -m 755 "$init" "$root/usr/local/sbin/testbed-init"

# Timers and hardware units that a container has no use for.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer getty@tty1.service console-getty.service systemd-modules-load.service \
    modprobe@.service dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# A host has no internet: what apt offers there is what lies in /debs.
offline() { rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*; }
if [ -z "$debs" ]; then
    offline
    exit 0
fi
mkdir -p "$root/debs/partial"
# Against an empty status file, so that the closure is whole whatever the tree has already.
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -o Dir::State::status=/dev/null -o "Dir::Cache::archives=$root/debs" \
    -o APT::Install-Recommends=false -o APT::Sandbox::User=root --download-only --yes install $debs
offline
rm -rf "$root/debs/partial" "$root/debs/lock"
cd "$root/debs"
for file in *.deb; do
    name=$(dpkg-deb --show --showformat '${Package}_${Architecture}.deb' "$file")
    # An epoch's colon is escaped in the name that apt gives, and would be escaped twice in a source.
    [ "$name" = "$file" ] || mv "$file" "$name"
    dpkg-deb --field "$name"
    echo "Filename: ./$name"
    echo "Size: $(stat --format %s "$name")"
    echo "SHA256: $(sha256sum "$name" | cut -d ' ' -f 1)"
    echo
done >Packages
echo 'deb [trusted=yes] file:/debs ./' >"$root/etc/apt/sources.list"
