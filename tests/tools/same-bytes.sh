#!/bin/sh
# SPDX-License-Identifier: MIT
# same-bytes.sh - threads, stripes and memory change the plan, never the picture
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
"$mkpic" make in.png 257 193 rgb 8 25
i=0
for how in '-j 1' '-j 2' '-j 3' '-t 64' '-t 100' '-j 2 -t 100' '--memory 12M -j 1'; do
  i=$((i + 1))
  expect 0 "$denoise" -s 25 -v $how in.png "$i.png"
  cp err "plan$i"
  same 1.png "$i.png"
done
cmp -s plan1 plan2 && bad "-j 1 and -j 2 have the same plan"
cmp -s plan1 plan4 && bad "-t 64 has the plan of one stripe"
cmp -s plan4 plan5 && bad "-t 64 and -t 100 have the same plan"
cmp -s plan1 plan7 && bad "--memory 12M has the plan of no cap"
cmp -s 1.png in.png && bad "nothing was done"
finish
