#!/bin/sh
# SPDX-License-Identifier: MIT
# neighbours.sh - the next file is opened, the end of the last one written, while one is computed: nobody can tell
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
identity=$abs_top_srcdir/tests/api/data/identity.onnx

# ---- the same results, words and order as one after another ----------------------------------------
mkdir in
for i in 1 2 3 4 5 6 7 8; do
  "$mkpic" make in/$i-a.png $((i * 37)) $((200 - i * 20)) rgb 8 15
  "$mkpic" make in/$i-b.jpg $((250 - i * 30)) $((i * 11)) grey 8 15
done
"$mkpic" make in/0-large.png 1500 1000 rgb 8 15 # more than waits in a lane
"$mkpic" make in/5-large.pfm 700 600 rgb 32 15
"$mkpic" make whole.png 100 90 rgba 16 10
for i in 2 4 6; do head -c $((i * 3000)) whole.png >in/$i-torn.png; done
echo nonsense >in/3-c.png; echo words >in/3-d.txt; echo words >in/2-aa.txt; : >in/8-z.png
cp in/1-a.png in/4-e.jpg; cp in/1-b.jpg in/4-f.png # names that lie
lines() { sed 's/"seconds":.*"error"/"error"/; s|"output":"[a-z]*/|"output":"|' out; }
for how in '-s 9' ''; do
  expect 1 "$denoise" $how -j 1 -m "$identity" --json in -o one; lines >lines1; cp err err1
  for j in 2 4; do
    rm -rf two
    expect 1 "$denoise" $how -j $j -m "$identity" --json in -o two; lines >lines2
    same lines1 lines2; same err1 err
    diff -r one two >/dev/null || bad "-j $j $how: results differ"
  done
done
no_litter
equal "$(grep -c '"status":"done"' lines1)" 20
expect 1 "$denoise" -j 2 -m "$identity" --strength 0 in -o back
equal "$("$mkpic" hash back/0-large.png)" "$("$mkpic" hash in/0-large.png)"

# ---- a line is there as soon as its file is, not when the next one is --------------------------------
mkdir pair; "$mkpic" make pair/a.png 30 30 rgb 8 5; "$mkpic" make pair/b.png 2400 1600 rgb 8 5
"$denoise" -s 5 -j 2 --json pair -o paired >early 2>err &
pid=$!
seen=no
while kill -0 $pid 2>/dev/null; do
  if [ -s early ]; then
    [ "$(wc -l <early | tr -d ' ')" -eq 1 ] && kill -0 $pid 2>/dev/null && seen=yes
    break
  fi
  sleep 0.05
done
kill -s TERM $pid 2>/dev/null
wait $pid
equal $seen yes
no_litter

# ---- a pipe between files is waited for, and can be interrupted ---------------------------------------
mkfifo pipe.png
(sleep 0.3; cat in/2-a.png >pipe.png) &
expect 0 "$denoise" -s 5 -j 2 in/1-a.png pipe.png in/3-a.png -o piped/
expect 0 "$denoise" -s 5 -j 1 in/2-a.png alone.png; same piped/pipe.png alone.png
there piped/1-a.png piped/3-a.png
sleep 30 >pipe.png &
sleeper=$!
"$mkpic" run "$denoise" -s 5 -j 2 in/1-a.png pipe.png -o never/ 2>err &
pid=$!
for try in 1 2 3 4 5 6; do
  sleep 0.4
  kill -s INT $pid 2>/dev/null
done
wait $pid
equal $? 130
kill $sleeper 2>/dev/null
absent never/pipe.png

# ---- two temporary files: an interrupt, and an impatient second one ------------------------------------
mkdir many
for i in 1 2 3 4 5 6 7 8; do "$mkpic" make many/$i.png 600 500 rgb 8 20; done
for pause in 0.05 0.1 0.2 0.3 0.4 0.6 0.8 1; do
  rm -rf done
  "$mkpic" run "$denoise" --quiet -j 2 -m "$identity" -s 5 many -o done 2>err &
  pid=$!
  sleep $pause
  kill -s INT $pid 2>/dev/null && kill -s INT $pid 2>/dev/null
  wait $pid
  status=$?
  [ $status -eq 130 ] || [ $status -eq 0 ] || bad "INT twice after $pause s: exit status $status"
  no_litter
  for f in done/*.png; do [ ! -e "$f" ] || "$mkpic" hash "$f" >/dev/null || bad "$f is not whole"; done
done
finish
