#!/bin/bash
# 1 GiB there and back with smbclient: plain, signed, encrypted; to the disk signed only. Compared by SHA-256.
. "$(dirname "$(realpath "$0")")/lib.sh"

megabytes=${LARGE_MEGABYTES:-1024}
head -c "${megabytes}M" /dev/urandom > "$work/large"
sum=$(sha256sum < "$work/large")
: > "$work/client.conf"

there_and_back() {  # [OPTION]...
    local start=$SECONDS
    mkfifo "$work/pipe"
    sha256sum < "$work/pipe" > "$work/sum" &
    smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" -t 300 \
        -U "$SMB_USER%$SMB_PASSWORD" "$@" -c "put $work/large large; get large -" > "$work/pipe" 2> "$work/err"
    wait $!
    rm "$work/pipe"
    [ -z "$SMB_TREE" ] || cmp "$work/large" "$SMB_TREE/large" || return 1
    smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" -U "$SMB_USER%$SMB_PASSWORD" -c "rm large"
    cat "$work/err"
    echo "$((SECONDS - start)) s"
    [ "$(cat "$work/sum")" = "$sum" ]
}

[ "$SMB_EXPORTER" != memory ] || SMB_EXPORT=memory:,size=3G
start_server --signing optional
only=(--option='client min protocol=SMB3_11')
check "$megabytes MiB signed" there_and_back "${only[@]}" --client-protection=sign
if [ -z "$SMB_TREE" ]; then
    check "$megabytes MiB plain" there_and_back "${only[@]}" --client-protection=off
    check "$megabytes MiB encrypted" there_and_back "${only[@]}" --client-protection=encrypt
fi
stop_server
finish
