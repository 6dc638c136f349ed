#!/bin/sh
# SPDX-License-Identifier: MIT
# lanes.sh - decoding and encoding beside the network: the same bytes, the same sentences, no litter
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
data=$abs_top_srcdir/tests/image/data
"$mkpic" make in.png 151 120 rgb 8 25
"$mkpic" make deep.png 60 210 rgba 16 10
"$mkpic" make in.jpg 90 133 rgb 8 15
"$mkpic" make in.pfm 70 41 rgb 32 5

# -j 1 does everything on one thread.
for from in in.png deep.png in.jpg in.pfm; do
  for how in '-s 25' '' '-s 25 -t 64' '--memory 8M --depth 8 -s 9'; do
    for out in png jpg; do
      expect 0 "$denoise" $how -j 1 $from one.$out
      expect 0 "$denoise" $how -j 2 $from two.$out
      same one.$out two.$out
      expect 0 "$denoise" $how -j 3 $from - -f $out
      same one.$out out
    done
  done
done

# Rows in another order than the file has them: interlaced, progressive, turned.
for from in "$data"/*16-adam7.png "$data"/size*-adam7.png "$data"/luma*-progressive.jpg "$data"/turn*.jpg; do
  [ -f "$from" ] || continue
  expect 0 "$denoise" -s 15 -j 1 "$from" one.png
  expect 0 "$denoise" -s 15 -j 2 "$from" two.png
  same one.png two.png
done

# ---- a source that breaks off ------------------------------------------------------
rm -f out.*
for from in in.png deep.png in.jpg in.pfm; do
  size=$(wc -c <$from)
  for part in 2 5 9; do
    head -c $((size * part / 10)) $from >torn.${from#*.}
    for how in '-s 25' '' '-s 25 -t 64'; do
      expect 1 "$denoise" $how -j 1 torn.${from#*.} out.png
      cp err want
      expect 1 "$denoise" $how -j 2 torn.${from#*.} out.png
      same err want
      absent out.png
    done
  done
done
no_litter

# ---- a disk that is full ---------------------------------------------------------------
(
  trap '' XFSZ
  ulimit -f 16 || exit 0
  for j in 1 2; do
    "$denoise" -s 5 -j $j in.png out.png 2>err
    [ $? -eq 1 ] || exit 1
    grep -q 'out.png.*cannot write' err || exit 1
  done
) || { bad "a full disk"; cat err; }
absent out.png
no_litter

# ---- a reader of the result that goes away ---------------------------------------------
"$denoise" -s 5 -j 2 in.png - -f ppm 2>err | head -c 1000 >/dev/null
no_litter

# ---- ended at any moment ------------------------------------------------------------------
"$mkpic" make large.png 640 400 rgb 8 25
expect 0 "$denoise" -j 2 large.png whole.png
for pause in 0.02 0.1 0.2 0.4 0.7; do
  rm -f out.png
  "$mkpic" run "$denoise" -j 2 large.png out.png 2>err &
  pid=$!
  sleep $pause
  kill -s INT $pid 2>/dev/null
  wait $pid
  status=$?
  case $status in
    0) there out.png ;;
    130) [ ! -e out.png ] || same out.png whole.png ;; # the signal may come when the result has just been named
    *) bad "INT after $pause s: exit status $status" ;;
  esac
  no_litter
done
finish
