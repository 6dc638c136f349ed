#!/bin/sh
# SPDX-License-Identifier: MIT
# kill.sh - whatever ends a run, no input and no result is lost, and none is half written
#
# KILLS=200 FILES=10000 TMPDIR=/var/tmp tests/tools/kill.sh takes minutes; make check takes a sample. The moments are drawn by SEED.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || { TMPDIR=/dev/shm; export TMPDIR; } # each file is flushed to the disk
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
: "${KILLS:=20}" "${FILES:=1000}" "${SEED:=7}"
identity=$abs_top_srcdir/tests/api/data/identity.onnx
now() { date +%s.%N; }
calc() { awk "BEGIN { printf \"%.3f\", $1 }"; }
sums() { (cd "$1" && find . -type f ! -name '.*' -exec cksum {} + | sort); }
began=$(now)
took() { echo "$1: $(calc "$(now) - $began") s"; began=$(now); }

# ---- a folder, and what becomes of it when nothing happens --------------------------------------
mkdir -p in/sub
for i in 1 2 3 4 5 6 7 8; do
  "$mkpic" make in/$i.png $((i * 80)) $((60 + i)) rgb 8 10
  "$mkpic" make in/sub/$i.jpg $((i * 30)) 47 rgb 8 10
  "$mkpic" make in/sub/$i.pfm $((i * 20)) 31 rgb 32 10
  "$mkpic" make in/sub/$i.png 63 $((i * 80)) rgba 16 10
done
go() { "$mkpic" run "$denoise" --quiet -s 10 -j 2 -m "$identity" -r in "$@"; }
start=$(now)
expect 0 go -o whole
length=$(calc "$(now) - $start")
sums in >inputs
sums whole >wanted

# Whatever has its name is whole; the rest is hidden under a name that says whose it is.
intact() {
  sums in | cmp -s - inputs || bad "$1: an input has changed"
  [ -d result ] || return 0
  sums result | comm -23 - wanted >strange
  [ ! -s strange ] || { bad "$1: not as it should be:"; cat strange; }
}
completes() {
  expect 0 go -o result --existing skip
  sums result | cmp -s - wanted || bad "$1: --existing skip does not complete"
}

# ---- killed, interrupted, told to end, at any moment --------------------------------------------
awk -v seed="$SEED" -v n="$KILLS" -v l="$length" 'BEGIN {
  srand(seed)
  split("KILL KILL KILL INT TERM HUP", s, " ")
  for (i = 0; i < n; i++) printf "%s %.3f\n", s[i % 6 + 1], l * (i + rand()) / n * 1.02 }' >moments
ended=0 litter=0
while read -r signal pause; do
  rm -rf result
  (exec "$mkpic" run "$denoise" --quiet -s 10 -j 2 -m "$identity" -r in -o result 2>err) &
  pid=$!
  sleep "$pause"
  kill -s "$signal" $pid 2>/dev/null
  wait $pid 2>/dev/null
  status=$?
  case $signal in KILL) want=137 ;; INT) want=130 ;; TERM) want=143 ;; HUP) want=129 ;; esac
  case $status in
    "$want") ended=$((ended + 1)) ;;
    0) ;;
    *) bad "$signal after $pause s: exit status $status"; cat err ;;
  esac
  intact "$signal after $pause s"
  left=$(find result -name '.*' -type f 2>/dev/null)
  case $signal:$left in
    KILL:) ;;
    KILL:*) litter=$((litter + 1)); echo "$left" | grep -v '/\.[^/]*\.cnnimg-[0-9a-f]*$' && bad "an odd name was left behind" ;;
    *:?*) bad "$signal after $pause s leaves $left" ;;
  esac
  [ $((ended % 4)) -ne 1 ] || completes "$signal after $pause s"
done <moments
rm -rf result
[ $ended -gt $((KILLS / 3)) ] || bad "only $ended of $KILLS runs were ended before they were done"
took "$KILLS moments of $length s, $ended runs ended, $litter temporary files left by kill -9"

# In place: what has the name of an input is the input or its whole result.
awk -v seed="$SEED" -v n=$((KILLS / 4)) -v l="$length" 'BEGIN {
  srand(seed + 1)
  for (i = 0; i < n; i++) printf "%s %.3f\n", i % 3 ? "KILL" : "TERM", l * (i + rand()) / n * 1.02 }' >moments
sort inputs wanted >either
cut -d ' ' -f 3- inputs | sort >names
while read -r signal pause; do
  rm -rf place
  cp -r in place
  (exec "$mkpic" run "$denoise" --quiet -s 10 -j 2 -m "$identity" -r place -o place --existing overwrite 2>err) &
  pid=$!
  sleep "$pause"
  kill -s "$signal" $pid 2>/dev/null
  wait $pid 2>/dev/null
  sums place >is
  cut -d ' ' -f 3- is | sort | cmp -s - names || bad "in place, $signal after $pause s: names are missing"
  comm -23 is either | grep . && bad "in place, $signal after $pause s: neither the input nor its result"
done <moments
rm -rf place
took "$((KILLS / 4)) moments in place"

# Two runs that know nothing of each other, on one output folder.
for how in overwrite skip; do
  rm -rf result
  go -o result --existing $how 2>err2 &
  pid=$!
  expect 0 go -o result --existing $how
  wait $pid
  equal $? 0
  sums result | cmp -s - wanted || bad "two runs at once ($how)"
  no_litter result
done
took "two runs at once"

# ---- files that change under the run -------------------------------------------------------------
# slowly NAME...: the network for noise, on inputs whose first one takes a while
slowly() { "$denoise" -s 25 -j 1 "$@" 2>err; }
# seen PICTURE PID: until PICTURE is being written, or the run has ended
seen() { until [ -n "$(find "${1%/*}" -maxdepth 1 -name ".${1##*/}.*" 2>/dev/null)" ] || ! kill -0 "$2" 2>/dev/null; do sleep 0.02; done; }
"$mkpic" make slow.png 1600 1000 rgb 8 20
cp in/1.png gone.png
cp in/2.png last.png
slowly slow.png gone.png last.png -o changed &
pid=$!
seen changed/slow.png $pid
rm gone.png
wait $pid
equal $? 1
says 'gone.png: .*No such file'
there changed/slow.png changed/last.png
absent changed/gone.png

# One that is copied when it is opened, one that is too large for that, one that is gone before its turn comes.
"$mkpic" make copied.ppm 300 200 rgb 8 20
cp copied.ppm keep.ppm
"$mkpic" make mapped.ppm 1600 1200 rgb 8 20
slowly keep.ppm kept.ppm
slowly copied.ppm cut.ppm &
pid=$!
seen ./cut.ppm $pid
: >copied.ppm
wait $pid
equal $? 0
same cut.ppm kept.ppm
for limit in 8M 16M; do
  "$mkpic" make mapped.ppm 1600 1200 rgb 8 20
  slowly --memory $limit mapped.ppm keep.ppm -o changed &
  pid=$!
  seen changed/mapped.ppm $pid
  head -c 300000 keep.ppm >mapped.ppm
  wait $pid
  equal $? 1
  says 'mapped.ppm'
  absent changed/mapped.ppm
  same changed/keep.ppm kept.ppm
  rm -f changed/keep.ppm
done
no_litter

# The output folder is taken away.
go -o away 2>err &
pid=$!
sleep "$(calc "$length / 3")"
until rm -rf away 2>/dev/null; do :; done
wait $pid
[ $? -le 1 ] || bad "a folder that is taken away ends the run"
sums in | cmp -s - inputs || bad "an input has changed"
expect 0 go -o away --existing skip
sums away | cmp -s - wanted || bad "it does not complete"
no_litter away
took "files that change"

# ---- places that take nothing -----------------------------------------------------------------------
# A disk that is full after a while: each file that does not fit is named, the others are right.
full_disk() {
  mount -t tmpfs -o size=300k none full || exit 77
  go -o full
  status=$?
  sums full >fitted
  find full -name '.*' -type f >left
  exit $status
}
mkdir full
if unshare -rm true 2>/dev/null || unshare -m true 2>/dev/null; then
  how=$(unshare -m true 2>/dev/null && echo -m || echo -rm)
  export denoise mkpic identity
  unshare "$how" sh -c "$(sed -n '/^go() /p; /^sums() /p; /^full_disk() /,/^}/p' "$abs_top_srcdir/tests/tools/kill.sh"); full_disk" 2>err
  case $? in
    77) echo "no tmpfs may be mounted here: the full disk is left out" ;;
    1)
      says 'No space left on device'
      [ ! -s left ] || bad "a full disk keeps $(cat left)"
      [ -s fitted ] || bad "nothing was written to the small disk"
      comm -23 fitted wanted | grep . && bad "half of a file was written to a full disk"
      equal "$(($(wc -l <fitted) + $(grep -c 'No space' err)))" "$(wc -l <wanted | tr -d ' ')"
      ;;
    *) bad "a full disk gives another exit status"; cat err ;;
  esac
else
  echo "no file systems of one's own here: the full disk is left out"
fi
# The same by a limit on the size of files.
(
  trap '' XFSZ
  ulimit -f 20 || exit 0
  go -o small 2>err
  [ $? -eq 1 ]
) || { bad "files that may not grow: the exit status is not 1"; cat err; }
sums small | comm -23 - wanted | grep . && bad "half of a file was written"
no_litter small
# A folder that nobody may write to.
mkdir sealed
chmod 555 sealed
harmless= # root may write anywhere, unless it is without that power
[ ! -w sealed ] || harmless="setpriv --bounding-set=-dac_override"
if $harmless test ! -w sealed 2>/dev/null; then
  expect 1 $harmless "$denoise" --quiet -s 10 -m "$identity" -r in -o sealed
  says 'sealed/.*Permission denied'
  equal "$(wc -l <err)" "$(wc -l <inputs)"
  equal "$(find sealed | wc -l | tr -d ' ')" 1
else
  echo "this user may write anywhere: the sealed folder is left out"
fi
took "places that take nothing"

# ---- very many ------------------------------------------------------------------------------------------
# a sanitizer would keep what is given back, up to 256 MB of it
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=4; export ASAN_OPTIONS
mkdir -p many
"$mkpic" make one.png 8 8 rgb 8 10
head -c 60 one.png >torn.png
i=0
while [ $i -lt "$FILES" ]; do
  folder=many/$((i / 500))
  [ -d $folder ] || mkdir $folder
  n=0 names=
  while [ $n -lt 500 ] && [ $((i + n)) -lt "$FILES" ]; do n=$((n + 1)) names="$names $folder/$n.png"; done
  for name in $names; do ln one.png "$name"; done
  i=$((i + n))
done
rm many/0/13.png many/1/77.png
cp torn.png many/0/13.png
cp torn.png many/1/77.png
start=$(now)
"$denoise" --json --quiet -s 10 -m "$identity" -r many -o manyout >lines 2>err
equal $? 1
equal "$(wc -l <err | tr -d ' ')" 2
says 'many/0/13.png'
says 'many/1/77.png'
equal "$(wc -l <lines | tr -d ' ')" "$FILES"
equal "$(find manyout -type f | wc -l | tr -d ' ')" "$((FILES - 2))"
memory() { sed -n "$1"'s/.*"peak_memory":\([0-9]*\),.*/\1/p' lines; }
early=$(memory $((FILES / 10))) late=$(memory "$FILES")
[ "$((late - early))" -lt 4000000 ] || bad "memory grows from $early to $late bytes"
echo "$FILES files in $(calc "$(now) - $start") s; peak memory $early bytes after a tenth, $late after all"
rm -rf manyout/0
expect 1 "$denoise" --quiet -s 10 -m "$identity" -r many -o manyout --existing skip
equal "$(find manyout -type f | wc -l | tr -d ' ')" "$((FILES - 2))"
took "very many"
finish
