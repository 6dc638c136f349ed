#!/bin/sh
# SPDX-License-Identifier: MIT
# hostile.sh - odd places, odd names, odd streams: what cannot be done is said, nothing is lost, nothing hangs
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
identity=$abs_top_srcdir/tests/api/data/identity.onnx
run() { status=$1; shift; expect "$status" "$denoise" --quiet -m "$identity" -s 10 "$@"; no_litter; }
# Root may do everything, but not without this.
if [ "$(id -u)" -ne 0 ]; then humbly=; else humbly="setpriv --bounding-set=-dac_override"; fi
"$mkpic" make a.png 40 30 rgb 8 10
"$mkpic" make b.png 30 40 rgb 8 10
"$mkpic" make large.png 300 200 rgb 8 20
cp a.png a.keep
cp b.png b.keep
run 0 a.png want.png
run 0 large.png large-want.png

# ---- streams that are closed: files must not get their numbers ---------------------------------------
"$denoise" --quiet -m "$identity" -s 10 -v --progress json large.png out.png 2>&- || bad "standard error closed"
same out.png large-want.png
"$denoise" -m "$identity" -s 10 -v --progress json large.png out.png <&- 2>&- >&- || bad "all streams closed"
same out.png large-want.png
"$denoise" --quiet -m "$identity" -s 10 --json large.png out.png >&- 2>err
equal $? 1
says 'standard output'
same out.png large-want.png
"$denoise" --quiet -m "$identity" -s 10 - out2.png <&- 2>err
equal $? 1
says 'standard input'
absent out2.png

# ---- what is no file -----------------------------------------------------------------------------------
for device in /dev/zero /dev/null /dev/full; do
  [ ! -c $device ] || { run 1 $device out2.png; says "$device: is a device"; }
done
[ ! -c /dev/full ] || { run 1 a.png -f png /dev/full; says 'No space left'; }
mkdir folder.png
run 0 folder.png -o of-folder
run 0 a.png folder.png
there folder.png/a.png
mkfifo pipe.png
cat a.png >pipe.png &
run 0 pipe.png out2.png
same out2.png want.png
cat pipe.png >got.png &
run 0 a.png pipe.png
wait
same got.png want.png
[ -p pipe.png ] || bad "a pipe was replaced"
# Nobody reads it, nobody writes into it: a signal ends the waiting.
for way in 'a.png pipe.png' 'pipe.png out3.png'; do
  "$mkpic" run "$denoise" -m "$identity" -s 10 $way 2>err &
  pid=$!
  for try in 1 2 3 4 5 6 7 8; do
    sleep 0.2
    kill -s TERM $pid 2>/dev/null
  done
  wait $pid
  equal $? 143
done
absent out3.png

# ---- links ----------------------------------------------------------------------------------------------
ln -s a.png soft.png
ln a.png hard.png
for name in a.png ./a.png "$PWD/a.png" soft.png hard.png; do
  run 1 a.png $name
  says 'the input itself'
done
run 1 a.png hard.png -o .
same a.png a.keep
ln -s nowhere dangling.png
run 1 a.png dangling.png
says 'dangling.png: is a link to nowhere'
[ -L dangling.png ] || bad "a link to nowhere was replaced"
ln -s ring1.png ring2.png
ln -s ring2.png ring1.png
run 1 a.png ring1.png
run 1 ring1.png out2.png
# Two names in the output folder, one file: as A.png and a.png are where case does not count.
mkdir two onto
cp a.png two/1.png
cp b.png two/2.png
ln -s 1.png onto/2.png
run 1 -r two -o onto
says 'onto/2.png: leads to the result of another input'
same onto/1.png want.png
# Or a link to an input.
ln -sf ../b.png onto/1.png
run 1 a.png b.png two/1.png -o onto
says 'onto/1.png is another input'
same b.png b.keep
same two/1.png a.keep

# ---- rights ------------------------------------------------------------------------------------------------
if $humbly true 2>/dev/null; then
  cp a.png guarded.png
  chmod 444 guarded.png
  expect 1 $humbly "$denoise" --quiet -m "$identity" -s 10 large.png guarded.png
  says 'guarded.png: cannot be replaced'
  same guarded.png a.keep
  mkdir sealed
  cp a.png sealed
  chmod 555 sealed
  expect 1 $humbly "$denoise" --quiet -m "$identity" -s 10 --existing overwrite sealed/a.png sealed/a.png
  says 'sealed/a.png'
  same sealed/a.png a.keep
  equal "$(ls -A sealed)" a.png
fi

# ---- names --------------------------------------------------------------------------------------------------
run 1 a.png nowhere/x.png
absent nowhere
run 2 a.png -o nowhere
run 0 a.png -o made/
there made/a.png
run 0 -- a.png -dash.png
run 0 -o dashed/ -- -dash.png
there dashed/-dash.png
long=$(printf '%0251d' 0)
run 0 a.png "$long.png"
run 1 a.png "0$long.png"
says 'cannot write there: File name too long'
run 0 a.png .png
run 0 a.png 'a
b.png'
set --
i=0
while [ $i -lt 3000 ]; do i=$((i + 1)); set -- "$@" -i "./a.png" -i "b.png"; done
run 1 "$@" -o thousands
equal "$(ls thousands | wc -l | tr -d ' ')" 2
equal "$(grep -c 'its result would replace that of' err)" 5998
same a.png a.keep

# ---- lists ----------------------------------------------------------------------------------------------------
run 2 --files-from . -o listed
if [ -c /dev/zero ]; then
  run 2 --files-from /dev/zero -o listed
  says '/dev/zero: its name number 1 is longer than a path can be'
fi
printf 'a.png\r\n\n\nb.png' >list
run 0 --files-from list -o listed
there listed/a.png listed/b.png
run 0 --files-from - -o listed # an empty one
printf 'a.png\nabsent.png\n./a.png\n' >list
run 1 --files-from list -o listed
says 'absent.png: No such file'
says 'would replace'

# ---- somebody who stops listening --------------------------------------------------------------------------------
"$denoise" --quiet -m "$identity" -s 10 --json -r two -o listened 2>err | head -n 1 >/dev/null
no_litter
for f in listened/*; do [ ! -e "$f" ] || info "$f" >/dev/null || bad "$f is not whole"; done
finish
