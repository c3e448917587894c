#!/bin/bash
# An exporter of one's own: built outside the tree against what `make install` installs, then served.
. "$(dirname "$(realpath "$0")")/lib.sh"
[ "$SMB_SERVER" = tombolo ] || { echo "1..0 # SKIP for Tombolo only"; exit 0; }

build=$(dirname "$TOMBOLO")
client() {  # SHARE COMMANDS
    smbclient "//$SMB_HOST/$1" -p "$SMB_PORT" -s /dev/null -U "$SMB_USER%$SMB_PASSWORD" -c "$2"
}

check "make install" make -s -C "$build" install "DESTDIR=$work/root"
prefix=$(sed -n 's/^prefix = //p' "$build/Makefile")
export PKG_CONFIG_PATH=$work/root$prefix/lib/pkgconfig
cp "$interop/plugin/motd.c" "$work"
compiled() {
    local flags
    flags=$(pkg-config --define-variable=prefix="$work/root$prefix" --cflags tombolo) &&
        (cd "$work" && cc -std=gnu17 -Wall -Wextra -Werror -shared -fPIC -o motd.so motd.c $flags)
}
check "the plugin is built against the installed headers" compiled
export SMB_EXPORT="plugin:$work/motd.so,text=Good morning"
# The program was built without the plugin's sanitizers, or with: either loads it.
start_server --share "logged=memory:,filter=log" --share "fixed=memory:,filter=readonly"
check "its file is read" client share "get motd $work/motd; ls; allinfo motd"
check "with the text asked for" grep -qx 'Good morning' "$work/motd"
refuse "nothing is written" 'NT_STATUS_(MEDIA_WRITE_PROTECTED|ACCESS_DENIED)' client share "put $work/motd.c other"
check "a share behind the filter log" client logged "put $work/motd a; get a $work/back; rm a"
refuse "a share behind the filter readonly" 'NT_STATUS_(MEDIA_WRITE_PROTECTED|ACCESS_DENIED)' \
    client fixed "put $work/motd a"
stop_server
refuse "an option the plugin does not know" 'motd: unknown option colour=red' timeout 10 "$TOMBOLO" serve \
    --listen "$SMB_HOST:$(free_port)" --share "x=plugin:$work/motd.so,colour=red"
refuse "a plugin that is not there" 'absent.so' timeout 10 "$TOMBOLO" serve \
    --listen "$SMB_HOST:$(free_port)" --share "x=plugin:$work/absent.so"
finish
