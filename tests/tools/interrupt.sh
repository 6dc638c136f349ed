#!/bin/sh
# SPDX-License-Identifier: MIT
# interrupt.sh - a run that is ended at any moment leaves a whole result or none, and no litter
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
"$mkpic" make in.png 640 400 rgb 8 25
cp in.png copy.png
expect 0 "$denoise" -s 25 -t 64 in.png whole.png
ended=0

# judge NAME STATUS-IF-ENDED STATUS
judge() {
  same in.png copy.png
  case $3 in
    0) same out.png whole.png ;;
    "$2") ended=$((ended + 1)); absent out.png ;;
    *) bad "$1: exit status $3" ;;
  esac
}

for try in INT:0.05 TERM:0.1 HUP:0.2 INT:0.3 TERM:0.4 HUP:0.6 INT:0.8 TERM:1; do
  signal=${try%:*}
  rm -f out.png
  "$mkpic" run "$denoise" -s 25 -t 64 in.png out.png 2>err &
  pid=$!
  sleep "${try#*:}"
  kill -s "$signal" $pid 2>/dev/null
  wait $pid
  status=$?
  case $signal in INT) want=130 ;; TERM) want=143 ;; HUP) want=129 ;; esac
  judge "$try" $want $status
  no_litter
done
[ $ended -gt 0 ] || bad "no run was ended: the picture is too small for this machine"

# Nothing can be tidied after kill -9, but the result's name is given to whole files only.
for pause in 0.1 0.25 0.5; do
  rm -f out.png
  "$denoise" -s 25 -t 64 in.png out.png 2>err &
  pid=$!
  sleep $pause
  kill -s KILL $pid 2>/dev/null
  wait $pid
  judge "KILL:$pause" 137 $?
done
rm -f .out.png.cnnimg-*

# An old result outlives an interrupted run; the rest of a folder is left alone.
mkdir many
for i in $(seq 20); do cp in.png many/$i.png; done
echo old >out.png
"$denoise" -s 25 -t 64 in.png out.png 2>err &
pid=$!
sleep 0.3
kill -s TERM $pid 2>/dev/null
wait $pid && rm -f out.png || equal "$(cat out.png)" old
"$denoise" -s 25 -t 64 many -o done 2>err &
pid=$!
sleep 0.7
kill -s TERM $pid 2>/dev/null
wait $pid
equal $? 143
for f in done/*.png; do [ ! -e "$f" ] || same "$f" whole.png; done
no_litter

# Waiting for a pipe is no reason to stay.
mkfifo pipe
sleep 20 >pipe &
sleeper=$!
"$mkpic" run "$denoise" -s 5 - never.png <pipe 2>err &
pid=$!
# A busy machine may not have started it yet, and a shell's background job ignores INT until it has.
for try in 1 2 3 4 5 6 7 8; do
  sleep 0.3
  kill -s INT $pid 2>/dev/null
done
wait $pid
equal $? 130
kill $sleeper 2>/dev/null
finish
