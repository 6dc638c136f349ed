#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh - breaks the library in small ways, one at a time, and wants `make check` to turn red each time
#
#   run.sh [NAME...]     all mutants beside this file, or those whose names begin so; or: make mutants
#   run.sh --applies     only asks whether each still finds its old text; changes nothing
#
# A mutant says what it breaks, which tests should notice, and one or more edits: the exact old lines, found once in the
# file, and the new ones. The tree is copied, built and tested whole first. Then each mutant: edit, build, the tests that
# it names, and, if none of them turns red, all. A mutant that survives, no longer applies or does not build fails.
# Needs what `make check` needs; about a quarter of an hour on two cores. Leaves nothing behind.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
jobs=$(nproc 2>/dev/null || echo 1)
die() { echo "mutants: $*" >&2; exit 99; }
quietly() { "$@" >"$work/log" 2>&1 </dev/null; }

# The distributed files only, and ./configure.
copy_tree() {
  # shellcheck disable=SC2046 # one word a file
  mkdir "$work/tree" && (cd "$top" && tar cf - $(ls -d configure configure.ac Makefile.am Makefile.in aclocal.m4 \
    build-aux m4 bootstrap .ci .clang-format LICENSE ./*.md docs helper libcnnimg tools models samples tests 2>/dev/null)) |
    tar xf - -C "$work/tree" || die "cannot copy the tree"
  cd "$work/tree" || exit 99
  [ -f configure ] || quietly autoreconf -i || die "autoreconf failed"
}

build() { quietly make -C "$work/build" -j "$jobs" all; }
whole_check() { quietly make -C "$work/build" -j "$jobs" check; }

# The named tests that exist; a program is built first.
some_checks() {
  found=
  for t in "$@"; do
    case $t in
      *.sh) [ -f "$work/tree/$t" ] && found="$found $t" ;;
      *) [ -f "$work/tree/$t.c" ] && found="$found $t" && { quietly make -C "$work/build" "$t" || return 99; } ;;
    esac
  done
  [ -n "$found" ] || return 0
  quietly make -C "$work/build" -j "$jobs" check-TESTS TESTS="$found" check_PROGRAMS= dist_check_SCRIPTS=
}

# apply MUTANT TREE [dry]: its edits; a copy of each file is kept as FILE.whole. dry: they are only looked for.
apply() {
  awk -v tree="$2/" -v dry="${3:-}" '
    function fail(why) { print FILENAME ": " why > "/dev/stderr"; failed = 1; exit 1 }
    function whole(path,   s, line, n) {
      n = 0; s = ""
      while ((getline line < path) > 0) { s = s line "\n"; n++ }
      close(path)
      if (!n) fail("no file " path)
      return s
    }
    function edit(path, old, new,   s, at, rest) {
      s = whole(path); at = index(s, old)
      if (!at) fail("its old text is not in " path)
      rest = substr(s, at + length(old))
      if (index(rest, old)) fail("its old text is more than once in " path)
      edits++
      if (dry) return
      if (system("[ -f " path ".whole ] || cp -p " path " " path ".whole")) fail("cannot copy " path)
      printf "%s", substr(s, 1, at - 1) new rest > path
      close(path)
    }
    part == "" && /^file / { path = tree $2; next }
    /^<<<<$/ && part == "" { part = "old"; old = new = ""; next }
    /^====$/ && part == "old" { part = "new"; next }
    /^>>>>$/ && part == "new" {
      # Whole lines are looked for by their text, so that a part of a line may be named.
      sub(/\n$/, "", old); sub(/\n$/, "", new)
      edit(path, old, new); part = ""; next
    }
    part == "old" { old = old $0 "\n" }
    part == "new" { new = new $0 "\n" }
    END { if (!failed && (part != "" || !edits)) fail("no complete edit"); exit failed }' "$1"
}

restore() {
  find "$work/tree" -name '*.whole' | while read -r f; do mv "$f" "${f%.whole}" && touch "${f%.whole}"; done
}

# Prints the verdict; 0: killed.
judge() {
  name=$(basename "$1" .mutant)
  says=$(sed -n '1s/^# //p' "$1")
  if ! apply "$1" "$work/tree"; then echo "BROKEN    $name: $says"; return 1; fi
  if ! build; then echo "NO BUILD  $name: $says"; tail -n 5 "$work/log"; return 1; fi
  # shellcheck disable=SC2046 # one word a test
  some_checks $(sed -n 's/^tests //p' "$1")
  case $? in
    0) whole_check && { echo "SURVIVED  $name: $says"; return 1; } ;;
    99) echo "NO BUILD  $name: $says"; tail -n 5 "$work/log"; return 1 ;;
  esac
  by=$(sed -n 's/^\(FAIL\|ERROR\): \([^ ]*\).*/\2/p' "$work/log" | sort -u | tr '\n' ' ')
  [ -n "$by" ] || { echo "NO BUILD  $name: $says (no test failed, but make did)"; tail -n 5 "$work/log"; return 1; }
  echo "killed    $name: $says (by ${by% })"
}

if [ "${1:-}" = --applies ]; then
  status=0
  for m in "$here"/*.mutant; do apply "$m" "$top" dry || status=1; done
  exit $status
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
copy_tree
mkdir "$work/build" && cd "$work/build" || exit 99
quietly ../tree/configure --disable-static || { tail -n 20 "$work/log"; die "configure failed"; }
build && whole_check || { grep -E '^(FAIL|ERROR):' "$work/log" || tail -n 40 "$work/log"; die "make check is red before anything was broken"; }
printf 'unbroken: make check is green\n'
killed=0 left=0
for m in "$here"/*.mutant; do
  wanted=$([ $# = 0 ] && echo yes)
  for n in "$@"; do case $(basename "$m") in "$n"*) wanted=yes ;; esac; done
  [ "$wanted" = yes ] || continue
  if judge "$m"; then killed=$((killed + 1)); else left=$((left + 1)); fi
  restore
done
echo "mutants: $killed killed, $left not"
[ $left = 0 ]
