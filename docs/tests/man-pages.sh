#!/bin/bash
# The manual pages are sound and know every option and every key.
: "${srcdir:=.}" "${TOMBOLO:=./tombolo}"
docs=$srcdir/docs
status=0
command -v mandoc > /dev/null || { echo "mandoc is missing"; exit 77; }
for page in "$docs"/tombolo*.[15]; do
    mandoc -Tlint -W warning "$page" || status=1
done
for option in $("$TOMBOLO" serve --help | sed -n 's/^  --\([a-z-]*\) .*/\1/p'); do
    grep -q "^\.It Fl Fl $option" "$docs/tombolo-serve.1" ||
        { echo "tombolo-serve.1 does not know --$option"; status=1; }
done
for word in add password disable enable remove list; do
    grep -q "^\.It Cm $word" "$docs/tombolo-user.1" || { echo "tombolo-user.1 does not know $word"; status=1; }
done
for word in $("$TOMBOLO" --help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
    [ -e "$docs/tombolo-$word.1" ] || { echo "tombolo $word has no page"; status=1; }
done
keys=$(sed -n '/^const struct tb_key tb_keys/,/^};/s/^    {"\([^"]*\)".*/\1/p' "$srcdir/cmd/keys.c")
[ "$(wc -l <<< "$keys")" -gt 20 ] || { echo "no keys found in cmd/keys.c"; status=1; }
while read -r key; do
    grep -qE "^\.It(.*, )? ?Ic $key( |$|,)|, Ic $key$|Ic $key ,|Ic $key$" "$docs/tombolo.conf.5" ||
        { echo "tombolo.conf.5 does not know \"$key\""; status=1; }
done <<< "$keys"
exit $status
