#!/bin/sh
# SPDX-License-Identifier: MIT
# check-abi.sh - whatever a program that was compiled with an older cnnimg.h relies on is still so
#
# abi.txt lists every function, struct, field and value. All of it must still hold; a struct that may grow may be larger,
# with new fields behind what was there. What is new and not listed is named, and is to be added to the list:
#   tests/api/check-abi.sh --list >../tests/api/abi.txt     (in the build folder, after reading the differences)
top=${abs_top_srcdir:-$(dirname "$0")/../..}
abi=${abs_top_builddir:-.}/tests/api/abi
if [ "${1:-}" = --list ]; then exec "$abi"; fi
"$abi" >abi.have.$$ || exit 99
trap 'rm -f abi.have.$$' EXIT
awk -v list="$top/tests/api/abi.txt" '
  function bad(text) { print "check-abi: " text; status = 1 }
  function wrong() { bad("was \"" $0 "\"" (have[key] != "" ? ", is \"" have[key] "\"" : ", is gone")) }
  # What a line is about, without what it says of it.
  function key_of(line,   w) { split(line, w, " "); return w[1] == "function" || w[1] == "callback" ? line : w[1] " " w[2] }
  { have[key_of($0)] = $0; order[++n] = $0 }
  END {
    while ((getline <list) > 0) {
      key = key_of($0)
      known[key] = 1
      lines++
      split(have[key], now, " ")
      if ($1 == "pointer" && have[key] != $0) { print "the list is for another kind of machine: skipped"; exit 77 }
      if ($1 == "struct") { size[$2] = $4; growth[$2] = $3 }
      if ($1 == "struct" && $3 == "grows" && now[3] == "grows" && now[4] >= $4) continue
      if (have[key] != $0) wrong()
    }
    for (i = 1; i <= n; i++) {
      key = key_of(order[i])
      if (key in known) continue
      split(order[i], now, " ")
      struct = now[2]
      sub(/\..*/, "", struct)
      if (now[1] == "field" && struct in growth && (growth[struct] == "fixed" || now[3] < size[struct]))
        bad("\"" order[i] "\" is not behind what was there")
      else print "new, to be listed: " order[i]
    }
    if (lines < 100) bad(list ": cannot be read, or is cut short")
    exit status
  }' abi.have.$$
