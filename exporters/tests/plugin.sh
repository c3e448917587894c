#!/bin/sh
# Builds a plugin outside the tree against the installed headers, loads it and uses it.
# Runs in the build directory.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=$(cd "${srcdir:-.}" && pwd)/exporters/tests/note_plugin.c

make -s install-nobase_pkgincludeHEADERS install-pkgconfigDATA DESTDIR="$work/installed" > "$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
pc=$(find "$work/installed" -name tombolo.pc)
headers=$(dirname "$(dirname "$(find "$work/installed" -name exporter.h)")")
# What pkg-config answers on a system where this is installed, seen from here.
flags=$(PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$work/installed \
    pkg-config --cflags-only-I tombolo)
case $flags in
    *"$headers"*) ;;
    *) echo "pkg-config says \"$flags\", the headers are in $headers"; exit 1 ;;
esac

build() {  # name [sed script]: the plugin under another name, with other text
    sed "${2-}" "$source" > "$work/$1.c"
    (cd "$work" && ${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC \
        "-I$headers" -o "$1.so" "$1.c")
}

build note
build older 's/api_version = TB_EXPORTER_API_VERSION/api_version = 0/'
build nameless 's/ops tombolo_exporter/ops something_else/'
build tiny 's/struct_size = sizeof(.*)/struct_size = 8/'
echo "no shared object" > "$work/text.so"

client=exporters/tests/plugin_client
$client good "plugin:$work/note.so"
$client good "plugin:$work/note.so,filter=log,filter=fault"
$client refused "plugin:$work/note.so,loud=yes" 'no option "loud=yes"'
$client refused "plugin:$work/older.so" 'build it again against the installed headers'
$client refused "plugin:$work/nameless.so" 'does not export "tombolo_exporter"'
$client refused "plugin:$work/tiny.so" 'struct_size 8'
$client refused "plugin:$work/text.so" "text.so"
$client refused "plugin:$work/absent.so" "absent.so"
