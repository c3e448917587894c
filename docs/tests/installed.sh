#!/bin/bash
# What `make install` leaves: the program runs, and another program embeds libtombolo by its
# pkg-config file alone. The build directory is the current one.
set -eu
: "${srcdir:=.}"
unset MAKEFLAGS MFLAGS MAKELEVEL
root=$(mktemp -d "${TMPDIR:-/tmp}/tombolo-installed.XXXXXX")
trap 'rm -rf "$root"' EXIT

make -s install DESTDIR="$root" > "$root/log" 2>&1 || { cat "$root/log"; exit 1; }
value() { sed -n "s|^$1 = ||p" Makefile | sed "s|\${exec_prefix}|$exec_prefix|;s|\${prefix}|$prefix|"; }
exec_prefix='' prefix=$(sed -n 's/^prefix = //p' Makefile)
exec_prefix=$(value exec_prefix)
libdir=$root$(value libdir)

"$root$(value bindir)/tombolo" --version
find "$root" -name 'tombolo*.[15]' | grep -c . | grep -qx 5

# The build's compiler and flags, for sanitizers; where things are, the pkg-config file alone says.
cc=$(sed -n 's/^CC = //p' Makefile) cflags=$(sed -n 's/^CFLAGS = //p' Makefile)
flags=$(PKG_CONFIG_PATH=$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config --cflags --libs tombolo)
# shellcheck disable=SC2086 # several words on purpose
$cc $cflags -Wall -Wextra -Werror -o "$root/embed" "$srcdir/docs/examples/embed.c" $flags
LD_LIBRARY_PATH=$libdir "$root/embed" | grep -qx embedded

# Nothing but tb_ is exported.
strange=$(nm -D --defined-only "$libdir/libtombolo.so" | awk '$3 !~ /^tb_/ && $2 ~ /[TDBR]/ { print $3 }')
[ -z "$strange" ] || { echo "exported: $strange"; exit 1; }
