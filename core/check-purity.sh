#!/bin/bash
# The core does no I/O, reads no clock, draws no random bytes, starts no thread and keeps no state of
# its own: this looks at what its compiled objects refer to and at what its sources include.
#   core/check-purity.sh BUILD-DIRECTORY
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
library=${1:?BUILD-DIRECTORY}/libcore.a
[ -e "$library" ] || { echo "check-purity: $library is not built" >&2; exit 2; }
status=0
complain() { echo "check-purity: $1:"; sed 's/^/    /'; status=1; }

# What it may call: memory and strings, the failure of an assertion, and three libraries that compute.
allowed='_GLOBAL_OFFSET_TABLE_|__assert_fail|abort
malloc|calloc|realloc|free|explicit_bzero
mem(cpy|move|set|cmp|chr|rchr|mem)|str(n?len|n?cmp|n?casecmp|r?chr|str|n?dup|n?cpy|spn|cspn|pbrk)
v?snprintf|bsearch|qsort|__ctype_b_loc|strto(ul|l|ull|ll)
gnutls_(hash|hmac|cipher|aead_cipher|mac|memcmp|memset|free)[a-z0-9_]*|gnutls_(malloc|calloc|strerror)
gnutls_hkdf_[a-z]+|nettle_(md4|md5)_[a-z]+
asn1_[a-z0-9_]+'
allowed="^($(tr '\n' '|' <<< "$allowed" | sed 's/|$//'))\$"
defined=$(nm --defined-only -A "$library" | awk '{ print $NF }' | sort -u)
foreign=$(nm -u -A "$library" | awk '$(NF-1) == "U" { print $NF "  (" $1 ")" }' | sed 's/libcore.a:/&/' |
    sort -u | awk 'NR == FNR { own[$1]; next } !($1 in own)' <(printf '%s\n' "$defined") - |
    awk -v ok="$allowed" '$1 !~ ok') || true
[ -z "$foreign" ] || complain "the core calls what it may not" <<< "$foreign"

# Nothing writable but what relocation makes constant.
writable=$(objdump -t "$library" | awk '
    /file format/ { object = $1 }
    $0 ~ / (\.data|\.bss|\.tdata|\.tbss|\.data\.[^ \t]*|\.bss\.[^ ]*|\*COM\*)\t/ && $0 !~ /\.data\.rel\.ro/ &&
        $(NF - 1) !~ /^0+$/ { print object, $NF }')
[ -z "$writable" ] || complain "the core has mutable globals" <<< "$writable"

headers='assert|ctype|endian|errno|inttypes|limits|stdalign|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|strings|sys/uio'
headers="<(($headers)\\.h|gnutls/(gnutls|crypto)\\.h|nettle/md[45]\\.h|libtasn1\\.h)>|\"(config\\.h|core/[a-z0-9_/]+\\.(h|inc))\""
included=$(find core -name '*.[ch]' -not -path '*/tests/*' -exec \
    grep -nE '^[[:space:]]*#[[:space:]]*include' {} + | grep -vE "include[[:space:]]*($headers)" || true)
[ -z "$included" ] || complain "the core includes what it may not" <<< "$included"

[ $status -eq 0 ] && echo "core/ is pure: $(nm "$library" 2>/dev/null | grep -c ' T ') functions looked at"
exit $status
