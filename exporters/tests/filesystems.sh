#!/bin/bash
# The posix exporter's tests on each kind of filesystem: tmpfs, ext4, xfs, btrfs, an overlay, and one
# over FUSE. It mounts files of its own in loops, for which it must be root; a kind this kernel or
# machine does not have is named and skipped. The build directory is the current one.
#   filesystems.sh [KIND]...
set -u
programs=(test_posix test_posix_names test_posix_faults)
kinds=(tmpfs ext4 xfs btrfs overlay fuse)
[ $# -eq 0 ] || kinds=("$@")
[ "$(id -u)" -eq 0 ] || { echo "mounting needs root"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/tombolo-filesystems.XXXXXX") || exit 99
daemon='' mounted=()

unmount() {
    local i
    for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do
        umount "${mounted[i]}" || umount -l "${mounted[i]}"
    done
    mounted=()
    [ -z "$daemon" ] || wait "$daemon"
    daemon=''
}
trap 'unmount; rm -rf "$work"' EXIT

image() {  # KIND MEGABYTES MKFS...: mount a new filesystem of this kind on $work/KIND
    truncate -s "$2M" "$work/$1.image" && "${@:3}" "$work/$1.image" > "$work/log" 2>&1 &&
        mount_on "$1" -o loop "$work/$1.image"
}

mount_on() {  # KIND ARGUMENT of mount...
    mkdir -p "$work/$1" && mount -t "$1" "${@:2}" "$work/$1" >> "$work/log" 2>&1 && mounted+=("$work/$1")
}

prepare_tmpfs() { mount_on tmpfs -o size=256M none; }
prepare_ext4() { image ext4 64 mkfs.ext4 -q -F; }
prepare_xfs() { image xfs 320 mkfs.xfs -q; }
prepare_btrfs() { image btrfs 160 mkfs.btrfs -q; }

prepare_overlay() {
    mount_on tmpfs -o size=256M none && mkdir "$work/tmpfs/lower" "$work/tmpfs/upper" "$work/tmpfs/work" &&
        mount_on overlay -o "lowerdir=$work/tmpfs/lower,upperdir=$work/tmpfs/upper,workdir=$work/tmpfs/work" none
}

prepare_fuse() {
    [ -x exporters/tests/forgetful_fs ] || { echo 'built without libfuse3' > "$work/log"; return 1; }
    mkdir -p "$work/fuse"
    exporters/tests/forgetful_fs -o default_permissions,allow_other -f "$work/fuse" 2> "$work/log" &
    daemon=$!
    for _ in $(seq 100); do
        if mountpoint -q "$work/fuse"; then mounted+=("$work/fuse"); return 0; fi
        sleep 0.05
    done
    return 1
}

status=0 number=0
for kind in "${kinds[@]}"; do
    if ! "prepare_$kind"; then
        number=$((number + ${#programs[@]}))
        echo "ok $number # SKIP $kind cannot be mounted here: $(tail -n 1 "$work/log")"
        unmount
        continue
    fi
    chmod 1777 "$work/$kind"
    for program in "${programs[@]}"; do
        number=$((number + 1))
        if TMPDIR=$work/$kind timeout 120 exporters/tests/"$program" > "$work/log" 2>&1; then
            echo "ok $number - $program on $kind: $(tail -n 1 "$work/log")"
        else
            sed 's/^/# /' "$work/log"
            echo "not ok $number - $program on $kind"
            status=1
        fi
    done
    unmount
done
exit $status
