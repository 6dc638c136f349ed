#!/bin/sh
# SPDX-License-Identifier: MIT
# check-link.sh - the program in docs/link.md compiles without a warning, as C and as C++, and runs
top=${abs_top_srcdir:-$(dirname "$0")/..} build=${abs_top_builddir:-.}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
status=0

sed -n '/^<!-- program: link.c -->$/,/^```$/p' "$top/docs/link.md" | sed '1,2d;$d' >"$work/link.c"
grep -q 'int main' "$work/link.c" || { echo "no program found in docs/link.md"; exit 1; }
lines=$(($(wc -l <"$work/link.c")))
[ $lines -le 60 ] || { echo "the program has $lines lines; it should be read at a glance"; status=1; }

try() { # NAME COMPILER...: compiles, links through libtool against what was built, and runs
  name=$1
  shift
  "$@" -Wall -Wextra -Werror $LINK_CFLAGS -I"$top/libcnnimg" -c "$work/link.$name" -o "$work/$name.o" &&
    "$build/libtool" --silent --mode=link --tag=CC $CC $LINK_CFLAGS "$work/$name.o" "$build/libcnnimg/libcnnimg.la" \
      $EXTRA_LIBS -o "$work/$name" && ${EMULATOR:-} "$work/$name" "$top/models/denoise/denoise.onnx" >"$work/said" 2>"$work/err" ||
    { echo "the program of docs/link.md fails as $name"; cat "$work/err" 2>/dev/null; return 1; }
  grep -q '^noise of sigma [1-9]' "$work/said" || { echo "it finds no noise:"; cat "$work/said"; return 1; }
}

: "${CC:?run by make check}"
EXTRA_LIBS=
try c $CC -std=gnu11 || status=1
CXX=${CXX:-c++}
if command -v "${CXX%% *}" >/dev/null; then
  cp "$work/link.c" "$work/link.cpp"
  EXTRA_LIBS=-lstdc++
  try cpp $CXX || status=1
fi
exit $status
