#!/bin/sh
# SPDX-License-Identifier: MIT
# json.sh - one line of valid JSON a file, whatever the file is called; progress for programs
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
mkdir in
"$mkpic" make in/a.png 20 20 rgb 8 10
cp in/a.png 'in/qu"ote\back.png'
cp in/a.png "$(printf 'in/tab\tline\nend.png')"
cp in/a.png "$(printf 'in/bad\377\355\240\200utf.png')" || echo "no such names here"
cp in/a.png "$(printf 'in/\303\244.png')"
echo nonsense >in/broken.png
echo text >in/notes.txt
files=$(find in -name '*.png' -o -name '*.txt' | tr '\n' ' ' | wc -c)

expect 1 "$denoise" -s 10 --json -r in -o clean
[ "$files" -gt 0 ] || bad "no files"
equal "$(grep -c '^{"input":".*}$' out)" "$(wc -l <out | tr -d ' ')"
equal "$(wc -l <out | tr -d ' ')" 7
equal "$(grep -c '"status":"done"' out)" 5
equal "$(grep -c '"status":"failed"' out)" 1
equal "$(grep -c '"status":"skipped"' out)" 1
prints '"input":"in/a.png","output":"clean/a.png","status":"done","input_width":20,"input_height":20,"width":20,"height":20,"sigma":10,"model":".*denoise.onnx","seconds":[0-9.e-]*,"peak_memory":[0-9]*,.*"error":null}'
prints 'in/bad.*ufffd.*utf.png'; prints 'in/tab.u0009line.u000aend.png'
cp out lines
# Every line has the keys that the manual lists, in its order.
sed -n '/^\.B input$/,/^\.RE/p' "$abs_top_builddir/tools/cnn-denoise.1" |
  sed -n 's/^\.BR* \([a-z_]*\)\( ", " \([a-z_]*\)\)*$/\1 \3/p' | tr -s ' ' '\n' | sed '/^$/d' >keys
sed 's/"[^"]*\\"[^"]*"/""/g; s/:"[^"]*"/:""/g' lines | tr ',' '\n' | sed -n 's/^{*"\([a-z_]*\)":.*/\1/p' | sort | uniq -c |
  awk '$1 == 7 { print $2 }' >always
sort keys | cmp -s - always || bad "the manual's keys are not those of the lines: $(sort keys | diff - always | tr '\n' ' ')"
valid() {
  command -v python3 >/dev/null 2>&1 || return 0
  python3 -c 'import json, sys
for line in open(sys.argv[1], "rb"):
    row = json.loads(line.decode("utf-8"))
    json.dumps(row, ensure_ascii=False).encode("utf-8")' "$1" || bad "$1 is not JSON"
}
valid lines
expect 0 "$denoise" --json --estimate in/a.png; valid out; prints '"status":"measured"'; prints '"sigma":[0-9]'
expect 0 "$denoise" --json --dry-run in/a.png; valid out; prints '"status":"planned"'; prints '"estimated_seconds":'
"$mkpic" make big.png 300 200 rgb 8 10
expect 1 "$denoise" -s 10 --progress json -r in -o clean; grep '^{' err >progress; valid progress
grep -q '"input":"in/a.png","file":1,"files":6,"fraction":1.0000,"total":0\.[0-9]*,"eta":[0-9.]*}' progress || bad "--progress json does not say which file"
tail -n 1 progress | grep -q '"file":6,.*"total":1.0000,"eta":0.0}' || bad "--progress json does not end at 1"
expect 0 "$denoise" --json --dry-run --save-model dry.onnx big.png dry.png; absent dry.onnx dry.png
prints '"output":"dry.png","status":"planned","input_width":300,"input_height":200,"width":300,"height":200'
expect 0 "$denoise" -s 10 --progress json big.png big2.png; valid err; says '"fraction":1.0000'
expect 0 "$denoise" -s 10 --progress bar big.png big2.png; says '100 %'
expect 0 "$denoise" -s 10 big.png big2.png; silent

# ---- a terminal: a bar for what takes more than two seconds, gone in the end -------------------
on_terminal() { script -qec "$*" /dev/null </dev/null >screen; }
if script -qec true /dev/null </dev/null >screen 2>&1; then
  on_terminal "$denoise" -s 10 in/a.png small2.png
  [ ! -s screen ] || bad "short work writes to a terminal: $(cat screen)"
  mkdir long; cp in/a.png long/b.png
  for side in 1600 3200 6400; do # until it takes this machine more than two seconds
    "$mkpic" make long/a.png $side $side rgb 8 10
    on_terminal "$denoise" -j 1 -s 10 long -o long2
    [ -s screen ] && break
  done
  tr '\r' '\n' <screen | grep -q '^\[#*\.*\] *[0-9]* %  file [12] of 2  0:[0-9:]* left' || bad "a terminal shows no bar: $(cat -v screen | tail -c 300)"
  [ "$(tail -c 4 screen | od -An -c | tr -d ' ')" = '\r033[K' ] || bad "the bar stays: $(tail -c 30 screen | od -An -c)"
  on_terminal "$denoise" --quiet -j 1 -s 10 long -o long2
  [ ! -s screen ] || bad "--quiet draws"
fi
finish
