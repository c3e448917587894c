# Sourced by what runs in the virtual machine: interop/lib.sh, and mounts of the server's share.
#
#   mounted VERSION OPTIONS [DIRECTORY]   mount the share there (default: $mnt), with the options
#                                         "plain", "sign", "seal" or any of mount.cifs
#   quiet_kernel                          fails if the kernel complained since the last dmesg -C
#
# HOST_PORT is the port of a server outside the machine; without it the test starts its own,
# and $work is on an ext4.

if [ -z "${HOST_PORT-}" ]; then
    modprobe -a loop ext4
    truncate -s 1600M /run/image && mkfs.ext4 -q /run/image && mkdir -p /srv/tombolo &&
        mount -o loop /run/image /srv/tombolo || exit 125
    export TMPDIR=/srv/tombolo
fi
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../interop/lib.sh"
[ -z "${HOST_PORT-}" ] || SMB_HOST=10.0.2.2 SMB_PORT=$HOST_PORT

mnt=/mnt/tombolo
mkdir -p $mnt
printf 'username=%s\npassword=%s\n' "$SMB_USER" "$SMB_PASSWORD" > "$work/credentials"
seconds() { cut -d ' ' -f 1 /proc/uptime; }

mounted() {
    local options=${2/#plain/rw} at=${3:-$mnt}
    mkdir -p "$at"
    timeout 60 mount -t cifs "//$SMB_HOST/$SMB_SHARE" "$at" \
        -o "port=$SMB_PORT,credentials=$work/credentials,uid=0,gid=0,nosharesock,vers=$1,$options" ||
        { dmesg | tail -n 5; return 1; }
    grep " $at cifs " /proc/mounts
    grep " $at cifs " /proc/mounts | grep -q "vers=$1"
}

quiet_kernel() {
    dmesg | grep -iE 'CIFS|smb|BUG|WARNING|Oops' | grep -vE 'Attempting to mount|enabling force'
    [ "${PIPESTATUS[2]}" -eq 1 ]
}
