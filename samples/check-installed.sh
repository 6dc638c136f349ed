#!/bin/sh
# SPDX-License-Identifier: MIT
# check-installed.sh - builds the sample programs against the installed library, as a stranger would, in C and in C++
#
# `make installcheck` (and with it `make distcheck`) calls it with top, bindir, libdir, pkgconfigdir, CC, CXX, PKG_CONFIG
# and FLAGS (what the library itself was built with beyond the usual: sanitizers) in the environment.
set -eu
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
PKG_CONFIG_PATH=$pkgconfigdir LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH
cflags=$($PKG_CONFIG --cflags libcnnimg)
libs=$($PKG_CONFIG --libs libcnnimg)
[ -f "$libdir/libcnnimg.so" ] || libs=$($PKG_CONFIG --libs --static libcnnimg)

build() { # build FOLDER COMPILER...: every program of samples/
  folder=$1
  shift
  mkdir "$work/$folder"
  for source in "$top"/samples/*.c; do
    # shellcheck disable=SC2086 # flags are words
    "$@" -Wall -Wextra $FLAGS $cflags "$source" -o "$work/$folder/$(basename "$source" .c)" -x none $libs -lm
  done
}

# shellcheck disable=SC2086 # a compiler may be "gcc -m64"
build c $CC -std=c99 -x c
echo "the samples, in C:"
"$top/samples/check.sh" "$work/c" "$top" "$bindir/cnn-denoise" "$libdir/libcnnimg.so"

if echo 'int main() { return 0; }' >"$work/t.cc" && $CXX "$work/t.cc" -o "$work/t" 2>/dev/null; then
  # shellcheck disable=SC2086
  build cxx $CXX -x c++
  echo "the samples, in C++:"
  "$top/samples/check.sh" "$work/cxx" "$top" "$bindir/cnn-denoise" ""
else
  echo "no C++ compiler: the samples were built in C only"
fi
