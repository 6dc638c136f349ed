# SPDX-License-Identifier: MIT
# lib.sh - what the shell tests of the tools share: a folder of their own, and words to check with
set -u
: "${abs_top_builddir:?run by make check}"
denoise=$abs_top_builddir/tools/cnn-denoise
inpaint=$abs_top_builddir/tools/cnn-inpaint
upscale=$abs_top_builddir/tools/cnn-upscale
colorize=$abs_top_builddir/tools/cnn-colorize
mkpic=$abs_top_builddir/tests/tools/mkpic
failures=0
work=$(mktemp -d) || exit 99
trap 'cd /; chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 99

bad() { echo "FAIL: $*"; failures=$((failures + 1)); }

# expect STATUS COMMAND...: what it prints is left in out and err
expect() {
  want=$1
  shift
  "$@" >out 2>err </dev/null
  got=$?
  [ "$got" -eq "$want" ] || { bad "exit status $got, not $want: $*"; sed 's/^/  | /' err; }
}

# says PATTERN: the last command's standard error has it
says() { grep -q -e "$1" err || { bad "standard error does not say \"$1\""; sed 's/^/  | /' err; }; }
silent() { [ ! -s err ] || { bad "standard error is not empty"; sed 's/^/  | /' err; }; }
prints() { grep -q -e "$1" out || { bad "standard output does not say \"$1\""; head -n 5 out | sed 's/^/  | /'; }; }
there() { for f; do [ -s "$f" ] || bad "$f is not there"; done; }
absent() { for f; do [ ! -e "$f" ] || bad "$f is there"; done; }
same() { cmp -s "$1" "$2" || bad "$1 and $2 differ"; }
equal() { [ "$1" = "$2" ] || bad "\"$1\" is not \"$2\""; }
no_litter() { litter=$(find "${1:-.}" -name '*.cnnimg-*'); [ -z "$litter" ] || bad "left behind: $litter"; }
info() { "$mkpic" info "$1"; }
finish() { [ "$failures" -eq 0 ] || exit 1; exit 0; }
