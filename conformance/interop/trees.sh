#!/bin/bash
# Many files at once: a tree of 5,000 there and back, and smbclient's tar mode both ways.
. "$(dirname "$(realpath "$0")")/lib.sh"

count=${TREE_FILES:-5000}
: > "$work/client.conf"
client() {
    smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" -t 120 -U "$SMB_USER%$SMB_PASSWORD" "$@"
}

/usr/bin/python3 - "$work/tree" "$count" << 'END_PYTHON'
import os, random, sys
top, count = sys.argv[1], int(sys.argv[2])
draw = random.Random(5000)
for i in range(count):
    directory = '%s/%02d/%s' % (top, i % 40, ('deep', 'Tiefe ü', 'deep/er ☃', '.')[i // 40 % 4])
    if i < 160:
        os.makedirs(directory, exist_ok=True)
    path = '%s/file number %d%s' % (directory, i, ('', '.txt', '.ö')[i % 3])
    with open(path, 'wb') as f:
        f.write(draw.randbytes(draw.choice((0, 1, 100, 4096, 10000))))
    os.utime(path, (1000000000 + i, 1000000000 + 2 * i))
END_PYTHON

listed() { (cd "$1" && find . -type "$2" -printf "%P${3-}\n" | LC_ALL=C sort); }
same_tree() {  # LEFT RIGHT: names, kinds and contents
    diff -r "$1" "$2" && diff <(listed "$1" d) <(listed "$2" d) && diff <(listed "$1" f '\t%s') <(listed "$2" f '\t%s')
}
same_times() { diff <(listed "$1" f '\t%Ts') <(listed "$2" f '\t%Ts') | head; return "${PIPESTATUS[0]}"; }
complained() { grep -E 'NT_STATUS|[Ee]rror|failed' "$1"; }

put() { client -c "lcd $work; recurse on; prompt off; mput tree" > "$work/out" 2>&1 && ! complained "$work/out"; }
got() {
    mkdir "$work/back" && client -c "lcd $work/back; recurse on; prompt off; mget tree" > "$work/out" 2>&1 &&
        ! complained "$work/out" && same_tree "$work/tree" "$work/back/tree"
}
on_disk() {
    same_tree "$work/tree" "$SMB_TREE/$1" || return 1
    [ "$SMB_SERVER" = smbd ] || [ -z "$(find "$SMB_TREE/$1" -type f ! -perm "$2" -o -type d ! -perm 755)" ]
}
gone() {  # DIRECTORY
    client -c "deltree $1; ls" > "$work/out" 2>&1 || return 1
    ! complained "$work/out" || return 1
    ! grep " $1 " "$work/out" && { [ -z "$SMB_TREE" ] || [ ! -e "$SMB_TREE/$1" ]; }
}
tar_created() {
    client -Tc "$work/created.tar" tree > "$work/out" 2>&1 || { cat "$work/out"; return 1; }
    rm -rf "$work/unpacked" && mkdir "$work/unpacked" && tar -xf "$work/created.tar" -C "$work/unpacked" && same_tree "$work/tree" "$work/unpacked/tree"
}
tar_extracted() {
    tar --format=gnu -cf "$work/local.tar" -C "$work" tree &&
        client -Tx "$work/local.tar" > "$work/out" 2>&1 || { cat "$work/out"; return 1; }
}

start_server
check "$count files put" put
[ -z "$SMB_TREE" ] || check "they are on the server's disk" on_disk tree 644
check "$count files got, and compared" got
check "tar of $count files created, and compared" tar_created
[ -z "$SMB_TREE" ] || check "its times are those on the disk" same_times "$SMB_TREE/tree" "$work/unpacked/tree"
check "all are deleted" gone tree
check "tar of $count files extracted" tar_extracted
[ -z "$SMB_TREE" ] || check "they are on the server's disk" on_disk tree 644
[ -z "$SMB_TREE" ] || check "with the times of the tar" same_times "$work/tree" "$SMB_TREE/tree"
check "a tar created of them holds the same" tar_created
check "and the times of the first" same_times "$work/tree" "$work/unpacked/tree"
check "all are deleted again" gone tree
stop_server
finish
