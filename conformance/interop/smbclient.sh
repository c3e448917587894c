#!/bin/bash
# smbclient in every dialect: plain, signed, encrypted; every signing algorithm and cipher forced.
. "$(dirname "$(realpath "$0")")/lib.sh"

client() {  # [OPTION]...: the fixed part of every command line
    smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" -t 60 \
        -U "$SMB_USER%$SMB_PASSWORD" "$@"
}

list_shares() {
    smbclient -L "$SMB_HOST" -p "$SMB_PORT" -s "$work/client.conf" -g -U "$SMB_USER%$SMB_PASSWORD" "$@" |
        tee "$work/shares" && grep -qi "^Disk|$SMB_SHARE|" "$work/shares" && grep -qi '^IPC|IPC\$|' "$work/shares"
}

# smbclient reports most failed commands on its output only.
# (Where there are no short names, allinfo says so before it goes on.)
quiet() { ! grep -v 'getting alt name' "$1" | grep -E 'NT_STATUS|[Ee]rror|does not exist|^\?|command not found'; }

session() {  # [OPTION]...: everything one does with files
    local out=$work/out
    rm -rf "$work/back" && mkdir -p "$work/back/tree"
    client "$@" -c "put $work/large big; get big $work/back/big; get empty-not-there $work/back/none" > "$out" 2>&1
    grep -q 'NT_STATUS_OBJECT_NAME_NOT_FOUND opening remote file \\empty-not-there' "$out" ||
        { cat "$out"; echo "no proper answer for a missing file"; return 1; }
    cmp "$work/large" "$work/back/big" || return 1
    client "$@" -c "mkdir d; mkdir d/e; rename big d/moved; allinfo d/moved; ls d/*; du; volume;
        put $work/tree/a.txt d/a.txt; get d/a.txt $work/back/a.txt; put $work/tree/empty d/empty;
        del d/empty; cd d; rmdir e; ls; cd ..; tcon $SMB_SHARE;
        lcd $work; recurse on; prompt off; mput tree;
        lcd $work/back; mget tree; deltree tree; deltree d; ls" > "$out" 2>&1 || { cat "$out"; return 1; }
    quiet "$out" || { cat "$out"; return 1; }
    grep -q '^write_time:' "$out" && grep -q "stream: \[::\\\$DATA\], $((SMB_MEBIBYTES << 20)) bytes" "$out" ||
        { cat "$out"; echo "allinfo is incomplete"; return 1; }
    cmp "$work/tree/a.txt" "$work/back/a.txt" && diff -r "$work/tree" "$work/back/tree" || return 1
    client "$@" -c 'ls' > "$out" 2>&1 && quiet "$out" || { cat "$out"; return 1; }
    ! grep -E ' (tree|d|big) ' "$out"
}

matrix() {  # NAME MODE [OPTION]...
    local name=$1 mode=$2
    shift 2
    check "$name $mode: put, get, tree, rename, deltree, allinfo" session "$@"
    check "$name $mode: -L" list_shares "$@"
}

: > "$work/client.conf"
head -c "${SMB_MEBIBYTES}M" /dev/urandom > "$work/large"
mkdir -p "$work/tree/sub/deeper" "$work/tree/Ünïcode ☃"
echo hello > "$work/tree/a.txt"; : > "$work/tree/empty"
head -c 100001 /dev/urandom > "$work/tree/sub/odd"; head -c 65536 /dev/urandom > "$work/tree/sub/deeper/even"
echo x > "$work/tree/Ünïcode ☃/ß"; for i in {1..40}; do echo "$i" > "$work/tree/sub/file-$i"; done

plain=(--client-protection=off --option='client signing=off' --option='client ipc signing=off')
signed=(--client-protection=sign)
encrypted=(--client-protection=encrypt)

start_server --signing optional
for dialect in SMB2_02 SMB2_10 SMB3_00 SMB3_02 SMB3_11; do
    only=(--option="client min protocol=$dialect" --option="client max protocol=$dialect"
        --option="client ipc min protocol=$dialect" --option="client ipc max protocol=$dialect")
    matrix $dialect plain "${only[@]}" "${plain[@]}"
    matrix $dialect signed "${only[@]}" "${signed[@]}"
    case $dialect in SMB3_*) matrix $dialect encrypted "${only[@]}" "${encrypted[@]}" ;; esac
done
for algorithm in AES-128-GMAC AES-128-CMAC HMAC-SHA256; do
    matrix SMB3_11 "signed with $algorithm" "${only[@]}" "${signed[@]}" \
        --option="client smb3 signing algorithms=$algorithm"
done
for cipher in AES-128-CCM AES-128-GCM AES-256-CCM AES-256-GCM; do
    matrix SMB3_11 "encrypted with $cipher" "${only[@]}" "${encrypted[@]}" \
        --option="client smb3 encryption algorithms=$cipher"
done
check "SMB 1 negotiates its way up to SMB 2" client --option='client min protocol=NT1' "${plain[@]}" -c ls
refuse "SMB 1 alone is refused" 'NT_STATUS|failed' client --option='client min protocol=NT1' \
    --option='client max protocol=NT1' -c ls

notified() {
    client -c 'mkdir watched' && {
        # notify never ends by itself
        (timeout 8 stdbuf -oL smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" \
            -U "$SMB_USER%$SMB_PASSWORD" -c 'notify watched' > "$work/notify" 2>&1) &
        for i in {1..15}; do
            sleep 0.3
            client -c "put $work/tree/a.txt watched/new-$i" > /dev/null
            grep -q 'new-' "$work/notify" && break
        done
        wait $!
        cat "$work/notify"
        grep -qE '0001.*new-|added.*new-' "$work/notify" && client -c 'deltree watched'
    }
}
check "notify tells of a new file" notified
stop_server

start_server
check "the server's defaults" session
check "the server's defaults: -L" list_shares
stop_server

start_server --encryption required
check "encryption required: smbclient as it comes" session
refuse "encryption required: SMB 2.1 cannot" 'NT_STATUS_ACCESS_DENIED' client --option='client max protocol=SMB2_10' -c ls
stop_server
finish
