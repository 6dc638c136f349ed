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
prints '"input":"in/a.png","output":"clean/a.png","status":"done","width":20,"height":20,"sigma":10,"model":".*denoise.onnx","seconds":[0-9.e-]*,"peak_memory":[0-9]*,.*"error":null}'
prints 'in/bad.*ufffd.*utf.png'; prints 'in/tab.u0009line.u000aend.png'
cp out lines
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
expect 0 "$denoise" -s 10 --progress json big.png big2.png; valid err; says '"fraction":1.0000'
expect 0 "$denoise" -s 10 --progress bar big.png big2.png; says '100 %'
expect 0 "$denoise" -s 10 big.png big2.png; silent
finish
