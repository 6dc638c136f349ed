#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh - the page's server, driven by curl: what it answers, whom it refuses, what it leaves behind
set -u
: "${abs_top_builddir:?run by make check}"
here=$abs_top_srcdir/samples/colorize-page
server=$abs_top_builddir/samples/colorize-page/colorize-page
tool=$abs_top_builddir/tools/cnn-colorize
net=$abs_top_srcdir/tests/tasks/data/colorize.onnx
picture=$abs_top_srcdir/samples/photos/chelsea.jpg
[ -x "$server" ] || { echo "built without libmicrohttpd"; exit 77; }
command -v curl >/dev/null || { echo "curl is missing"; exit 77; }
work=$(mktemp -d) || exit 99
mkdir "$work/tmp" && cd "$work" || exit 99
TMPDIR=$work/tmp
export TMPDIR
trap 'kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
status=0
bad() { echo "FAIL: $*"; status=1; }

# ---- without a page ----------------------------------------------------------------------
"$server" -h >out 2>&1 || bad "-h fails"
grep -q '^usage: colorize-page' out || bad "-h says nothing"
for words in '' '--port' '--port x a.onnx' '--port 70000 a.onnx' '--limit 0 a.onnx' 'a b' '-x'; do
  # shellcheck disable=SC2086 # words
  "$server" $words >out 2>&1
  [ $? -eq 2 ] || bad "\"$words\" is taken"
done
"$server" --port 0 "$abs_top_srcdir/tests/api/data/identity.onnx" >out 2>&1
[ $? -eq 1 ] && grep -q 'not made for colorizing' out || bad "a network for something else is taken"
"$server" --port 0 no.onnx >out 2>&1
[ $? -eq 1 ] && grep -q '^colorize-page: no.onnx: ' out || bad "a network that is not there"

# ---- it runs ------------------------------------------------------------------------------
"$server" --port 0 --limit 1 "$net" >url 2>err &
pid=$!
for _ in $(seq 100); do [ -s url ] && break; sleep 0.1; done
url=$(cat url)
port=${url##*:} port=${port%/}
[ -n "$url" ] || { cat err; bad "the server does not start"; exit 1; }
"$server" --port "$port" "$net" >out 2>&1
[ $? -eq 1 ] && grep -q "cannot listen on 127.0.0.1:$port" out || bad "a second one on that port"

# ask CODE PATH ...: the answer is in "answer", its head in "head"
ask() {
  want=$1 path=$2
  shift 2
  code=$(curl -s --path-as-is -m 120 -D head -o answer -w '%{http_code}' "$@" "$url$path")
  [ "$code" = "$want" ] || bad "/$path $*: $code, not $want: $(head -c 300 answer)"
}
says() { grep -q -e "$1" answer || bad "not \"$1\": $(head -c 300 answer)"; }
field() { sed "s/.*\"$1\":\"*\([0-9a-z]*\).*/\1/" answer; }

ask 200 ''
cmp answer "$here/page.html" || bad "the page is another one"
for line in "Content-Security-Policy: default-src 'none'" 'X-Content-Type-Options: nosniff' 'Cache-Control: no-store'; do
  grep -qi "^$line" head || bad "no $line"
done
grep -v 'http://www.w3.org/2000/svg' "$here/page.html" | grep -n -E '(src|href)="|url\(|https?://|@import' && bad "the page loads something"
if [ -r /proc/net/tcp ]; then
  where=$(awk -v port=":$(printf %04X "$port")" '$4 == "0A" && index($2, port) { print $2 }' /proc/net/tcp /proc/net/tcp6)
  [ "$where" = "0100007F:$(printf %04X "$port")" ] || bad "listens at $where, not at 127.0.0.1 alone"
fi

# ---- who may ask -----------------------------------------------------------------------------
ask 200 '' -H "Host: localhost:$port"
ask 200 '' -H "Origin: http://localhost:$port"
for host in example.org "example.org:$port" 127.0.0.1 "127.0.0.1:1$port" "127.0.0.1.example.org:$port"; do
  ask 403 '' -H "Host: $host"
done
for origin in null "http://example.org" "https://127.0.0.1:$port" "http://127.0.0.1:1" "http://127.0.0.1:$port.example.org"; do
  ask 403 open -H "Origin: $origin" --data-binary "@$picture"
done
ask 405 '' -X PUT
ask 405 '' -X DELETE
[ -z "$(find tmp -type f)" ] || bad "what was refused has been kept"

# ---- a picture ---------------------------------------------------------------------------------
ask 200 open --data-binary "@$picture"
id=$(field picture)
[ ${#id} -eq 32 ] && [ "$(field width)x$(field height)" = 451x300 ] || bad "opened: $(cat answer)"
printf '{"points": [{"x": 84, "y": 100, "color": "#2040a1", "radius": 5.5}, {"x": 300, "y": 200, "color": "#b03020"}]}' >h.json
ask 200 "original?picture=$id" -d ''
cp answer original.jpg
ask 200 "colour?picture=$id" -d ''
cp answer none.jpg
ask 200 "colour?picture=$id" --data-binary @h.json
cp answer hinted.jpg
ask 200 "colour?picture=$id" --data-binary @h.json
cmp answer hinted.jpg || bad "the same points give other bytes"
for file in original none hinted; do
  [ "$(head -c 3 $file.jpg | od -An -tx1 | tr -d ' ')" = ffd8ff ] || bad "$file.jpg is no JPEG"
done
cmp -s none.jpg hinted.jpg && bad "points do nothing"
cmp -s none.jpg original.jpg && bad "there are no colours"
ask 200 "suggest?picture=$id&x=84&y=100" -d '{"points": []}'
grep -qE '^\{"mean":"#[0-9a-f]{6}","colors":\[\{"color":"#[0-9a-f]{6}","percent":[0-9]+\}' answer || bad "suggested: $(cat answer)"

# What is saved is what the tool makes.
for format in png jpg; do
  ask 200 "save?picture=$id&format=$format" --data-binary @h.json
  grep -qi "^Content-Disposition: attachment; filename=\"coloured.$format\"" head || bad "no name to save $format"
  "$tool" --quiet -m "$net" --hints h.json "$picture" "tool.$format" || bad "the tool fails"
  cmp answer "tool.$format" || bad "$format is not what cnn-colorize makes"
done
[ "$(find tmp -type f | wc -l)" -eq 1 ] || bad "in the folder are $(find tmp -type f)"

# ---- mistakes and malice: a sentence, and the server lives ----------------------------------------
ask 404 page.html
ask 404 "../../../../../../etc/passwd"
ask 404 "%2e%2e/%2e%2e/etc/passwd"
ask 404 nothing -d ''
ask 410 "colour?picture=../../../etc/passwd" -d ''
ask 410 "colour?picture=" -d ''
ask 410 colour -d ''
ask 400 "suggest?picture=$id&x=451&y=0" -d ''; says '451,0 lies outside the picture, which has 451x300 pixels'
for place in 'x=1' 'x=-1&y=1' 'x=1e3&y=1' 'x=99999999999999999999&y=1' 'x=&y='; do ask 400 "suggest?picture=$id&$place" -d ''; done
ask 400 "save?picture=$id&format=exe" -d ''; says 'format must be png or jpg'
ask 400 "colour?picture=$id" -d '{"points": [{"x": 451, "y": 0, "color": "#000000"}]}'; says '451,0 lies outside'
for text in '{' '[]' '{"points": 1}' '{"points": [{"x": 1, "y": 1, "color": "red"}]}'; do
  ask 400 "colour?picture=$id" --data-binary "$text"
  grep -q tmp answer && bad "says where files lie: $(cat answer)"
done
ask 400 open -d ''; says 'an empty file is no picture'
ask 400 open --data-binary 'no picture'; says 'is not a picture'
grep -q tmp answer && bad "says where files lie: $(cat answer)"
head -c 20000 "$picture" >cut.jpg
ask 400 open --data-binary @cut.jpg
printf 'P5 60000 60000 255 ' >bomb.pgm
ask 413 open --data-binary @bomb.pgm; says '60000x60000'
head -c 2000000 /dev/zero >large
ask 413 open -H 'Expect:' --data-binary @large; says 'larger than this server takes'
ask 413 "colour?picture=$id" -H 'Expect:' --data-binary @large
curl -s -m 60 -H 'Expect:' -H 'Transfer-Encoding: chunked' --data-binary @large "${url}open" >answer && grep -q picture answer &&
  bad "a large file that does not say so is taken"
[ "$(find tmp -type f | wc -l)" -eq 1 ] || bad "in the folder are $(find tmp -type f)"

# Somebody who sends half a request does not keep others waiting.
(printf 'POST /open HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Length: 1000\r\n\r\nhalf' "$port"; sleep 5) |
  curl -s -m 6 "telnet://127.0.0.1:$port" >/dev/null 2>&1 &
half=$!
sleep 0.3
ask 200 "colour?picture=$id" --data-binary @h.json
cmp answer hinted.jpg || bad "what was colour is another now"

# The fifth picture takes the place of the one that was not used for longest.
for _ in 1 2 3 4; do ask 200 open --data-binary "@$picture"; done
ask 410 "colour?picture=$id" -d ''
[ "$(find tmp -type f -not -name '*.part' | wc -l)" -eq 4 ] || bad "in the folder are $(find tmp -type f)"

kill "$pid"
wait "$pid" || bad "the server ends with $?"
[ -z "$(ls tmp)" ] || bad "it leaves $(find tmp)"
[ -s err ] && bad "it said $(cat err)"
wait "$half"
exit $status
