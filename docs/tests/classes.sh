#!/bin/bash
# docs/classes.md against the source: every test it names exists, and its table of control codes is
# the one in core/cmd/ioctl.c.
set -uo pipefail
cd "${srcdir:-$(dirname "$(realpath "$0")")/../..}" || exit 1
page=docs/classes.md failures=0 checks=0

wrong() {
    echo "classes.sh: $*" >&2
    failures=$((failures + 1))
}

while read -r program name; do
    checks=$((checks + 1))
    grep -qE "^(SIM_TEST|SIM_TEST_CONFIGURED|START_TEST)\($name[,)]" "core/tests/$program.c" 2>/dev/null ||
        wrong "$page names $program: $name, which does not exist"
done < <(grep -oE '\btest_[a-z_]+: [a-z_0-9]+' $page | tr -d : | sort -u)

codes=$(sed -nE 's/.*\{CODE\((FSCTL_[A-Z_]+)\), [A-Z]+, (\.refusal = TB_([A-Z_]+))?.*/\1 \3/p' core/cmd/ioctl.c)
while read -r name status; do
    checks=$((checks + 1))
    number=$(sed -nE "s/^#define TB_$name +(0x[0-9A-F]+)u/\1/p" core/wire/fsctl.h)
    row=$(grep -F "| $number | $name |" $page) || wrong "$page lacks $name ($number)"
    if [ -n "$status" ] && [[ $row != *"| $status |"* ]]; then
        wrong "$name is answered STATUS_$status, which $page does not say"
    fi
done <<< "$codes"
defined=$(grep -c '^#define TB_FSCTL_' core/wire/fsctl.h)
[ "$(wc -l <<< "$codes")" -eq "$defined" ] || wrong "core/cmd/ioctl.c does not answer all $defined codes"
[ "$(grep -c '^| 0x' $page)" -eq "$defined" ] || wrong "$page does not list all $defined codes"

while read -r number; do
    checks=$((checks + 1))
    grep -qE "^\| $number \| File[A-Za-z0-9]+Information \|" $page ||
        wrong "$page lacks class $number"
done < <(sed -nE 's/^    TB_FILE_[A-Z0-9_]*INFORMATION[A-Z_]* = ([0-9]+),/\1/p' core/wire/fscc_file.h)

echo "$checks checks, $failures failures"
[ "$checks" -gt 100 ] && [ "$failures" -eq 0 ]
