#!/bin/sh
# One seed, one transcript: run_seeds built with gcc -O0, gcc -O3 and clang -O2, run with and without
# random addresses, prints the same hashes. Run from the build folder; TB_SIM_SEEDS=A..B chooses.
set -eu
source=$(cd "${srcdir:-.}" && pwd)
seeds=${TB_SIM_SEEDS:-1..40}
work=$(mktemp -d "${TMPDIR:-/tmp}/transcript.XXXXXX")
trap 'rm -rf "$work"' EXIT

libraries=$(pkg-config --libs gnutls nettle libtasn1)
flags="$(pkg-config --cflags gnutls nettle libtasn1) -std=gnu17 -D_GNU_SOURCE -fno-strict-aliasing"
sources=$(cd "$source" && ls core/*.c core/wire/*.c core/nt/*.c core/auth/*.c core/crypto/*.c \
    core/rpc/*.c core/cmd/*.c exporters/memory/*.c exporters/option.c sim/*.c)

build() { # NAME COMPILER FLAGS
    mkdir -p "$work/$1"
    for file in $sources; do
        echo "$work/$1/$(echo "$file" | tr / _).o $source/$file"
    done | xargs -P "$(nproc)" -n 2 sh -c "$2 $3 $flags -I'$source' -c -o \"\$0\" \"\$1\""
    $2 -o "$work/$1/run_seeds" "$work/$1"/*.o $libraries -lpthread
}

hashes() { # NAME PREFIX…
    name=$1
    shift
    "$@" "$work/$name/run_seeds" --seeds "$seeds" --hash 2> "$work/$name.log" ||
        { tail -20 "$work/$name.log" >&2; exit 1; }
}

build gcc-O0 gcc -O0
build gcc-O3 gcc -O3
hashes gcc-O0 > "$work/reference"
hashes gcc-O3 > "$work/gcc-O3.hashes"
cmp "$work/reference" "$work/gcc-O3.hashes"
hashes gcc-O3 setarch "$(uname -m)" -R > "$work/layout.hashes"
cmp "$work/reference" "$work/layout.hashes"
if command -v clang > /dev/null; then
    build clang-O2 clang -O2
    hashes clang-O2 > "$work/clang.hashes"
    cmp "$work/reference" "$work/clang.hashes"
fi
echo "transcripts of seeds $seeds agree: $(sha256sum < "$work/reference" | cut -c1-16)"
