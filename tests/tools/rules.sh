#!/bin/sh
# SPDX-License-Identifier: MIT
# rules.sh - names, shards, places, limits and pipes: what every tool promises
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
identity=$abs_top_srcdir/tests/api/data/identity.onnx
run() { status=$1; shift; expect "$status" "$denoise" -m "$identity" "$@"; no_litter; }
"$mkpic" make a.png 20 16 rgb 8 10

# ---- --shard: computed by another program from the rule that the manual states -----------------------------
mkdir -p many/sub
for i in 1 2 3 4 5 6 7 8 9; do cp a.png many/$i.png; done
cp a.png many/sub/1.png; cp a.png many/sub/2.png; cp a.png "$(printf 'many/sub/\303\244.png')"
shard() { rm -rf part; run 0 -r --shard "$@" -o part; (cd part 2>/dev/null && find . -type f | sed 's|^\./||' | LC_ALL=C sort | tr '\n' ' '); }
equal "$(shard 1/3 many)" '1.png 3.png 4.png 5.png 6.png 9.png '
equal "$(shard 2/3 many)" "$(printf 'sub/1.png sub/2.png sub/\303\244.png ')"
equal "$(shard 3/3 many)" '2.png 7.png 8.png '
equal "$(shard 2/2 many)" "$(printf '3.png 4.png 6.png sub/1.png sub/\303\244.png ')"
equal "$(shard 3/3 --suffix _x -f ppm many)" '2_x.ppm 7_x.ppm 8_x.ppm '
(cd many && find . -name '*.png' | LC_ALL=C sort -r) >list # in another order, from a list
equal "$(cd many && shard 3/3 --files-from ../list; rm -rf part)" '2.png 7.png 8.png '

# ---- names: as long as they may be, odd bytes, the same name twice ---------------------------------------------
long=$(printf '%0247d.png' 0)
mkdir names; cp a.png "names/$long"; cp a.png "names/ leading and trailing .png"; cp a.png 'names/*?[x].PNG'
cp a.png "$(printf 'names/\001\033[31m.png')"
run 0 names -o named; equal "$(ls named | wc -l | tr -d ' ')" 4; there "named/$long"
run 1 names -o named2 --suffix _denoised; says 'File name too long'; equal "$(ls named2 | wc -l | tr -d ' ')" 3
printf 'junk' >"$(printf 'names/\033[2J.png')"
run 1 names -o named3; LC_ALL=C grep -q "$(printf '\033')" err && bad "a name may speak to the terminal"
run 1 a.png ./a.png -o doubles; says 'its result would replace that of'

# ---- loops, and an output inside its input -------------------------------------------------------------------
mkdir -p tree/x; cp a.png tree/x/1.png; ln -s .. tree/x/up; ln -s loop2 tree/loop1.png; ln -s loop1.png tree/loop2
run 1 -r tree -o flat; says 'loop1.png: a link to nowhere'; there flat/x/1.png; rm tree/loop1.png
run 0 -r tree -o tree/x/out; run 0 -r tree -o tree/x/out; there tree/x/out/x/1.png; absent tree/x/out/x/out

# ---- results beside their inputs: the second run does not take them for inputs -------------------------------
mkdir beside; cp a.png beside/one.png; cp a.png beside/two.png
run 0 --suffix _clean beside -o beside; there beside/one_clean.png beside/two_clean.png
run 0 --suffix _clean beside -o beside; says 'one_clean.png: skipped'; absent beside/one_clean_clean.png

# ---- junk, one bad apple ------------------------------------------------------------------------------------
mkdir apples; for i in 1 2 3 4; do cp a.png apples/$i.png; done
head -c 100 a.png >apples/2.png; : >apples/Thumbs.db; echo x >apples/.DS_Store
run 1 apples -o basket; there basket/1.png basket/3.png basket/4.png; absent basket/2.png
says 'apples/2.png: '; says 'Thumbs.db: skipped'; says '.DS_Store: skipped'
equal "$(grep -c . err)" 3

# ---- pictures too large for a container, before the work --------------------------------------------------------
"$mkpic" make wide.pfm 65536 1 grey 32 0
run 1 wide.pfm wide.jpg; says 'wide.jpg.*holds at most 65[0-9]* a side'; absent wide.jpg
run 0 wide.pfm wide.png; there wide.png

# ---- a reader that goes away: 128 + SIGPIPE, or an error where that is ignored ---------------------------------
"$mkpic" make big.ppm 900 700 rgb 8 10
(
  "$denoise" -m "$identity" -s 10 big.ppm - 2>err
  echo $? >status
) | head -c 10 >/dev/null
equal "$(cat status)" 141
(
  trap '' PIPE
  "$denoise" -m "$identity" -s 10 big.ppm - 2>err
  echo $? >status
) | head -c 10 >/dev/null
equal "$(cat status)" 1; says 'standard output: .*Broken pipe'

mkdir lots; for i in 1 2 3 4 5 6 7 8; do "$mkpic" make lots/$i.png 300 300 rgb 8 10; done
(
  "$denoise" -m "$identity" -s 10 -j 2 --json lots -o lots-out 2>err
  echo $? >status
) | head -n 1 >line
equal "$(cat status)" 141; grep -q '"input":"lots/1.png"' line || bad "the first line is not that of the first file"
no_litter

# ---- --dry-run: an estimate, for networks that enlarge too, and nothing is made --------------------------------
for tool in denoise upscale; do
  expect 0 "$abs_top_builddir/tools/cnn-$tool" --json --dry-run -j 1 lots/1.png lots/2.png -o planned/
  absent planned
  sed 's/.*"estimated_seconds":\([0-9.e-]*\),.*/\1/' out | awk '!($1 > 0.01 && $1 < 600) { exit 1 }' ||
    bad "cnn-$tool: estimates of $(sed 's/.*"estimated_seconds":\([^,]*\),.*/\1/' out | tr '\n' ' ')s"
done

# ---- threads: what the process may use ----------------------------------------------------------------------------
threads() { "$@" --json -m "$identity" -s 10 --dry-run a.png 2>/dev/null | sed 's/.*"threads":\([0-9]*\).*/\1/'; }
if taskset -c 0 true 2>/dev/null; then
  equal "$(threads taskset -c 0 "$denoise")" 1
  equal "$(threads taskset -c 0 "$denoise" -j 3)" 3
fi
equal "$(threads "$denoise" -j 1:5:2)" 5

# ---- memory: a percentage is of the machine ------------------------------------------------------------------------
plan() { "$denoise" -s 10 --json --dry-run -j 2 "$@" big.ppm | sed 's/.*"plan_memory":\([0-9]*\).*"tiles":\([0-9]*\).*/\1 bytes in \2/'; }
machine=$(awk '/^MemTotal/ { print $2 * 1024 }' /proc/meminfo 2>/dev/null)
if [ -n "$machine" ]; then
  percent=$(awk "BEGIN { printf \"%.6f\", 100 * 25165824 / $machine }")
  equal "$(plan --memory "$percent%")" "$(plan --memory 24M)"
fi
[ "$(plan)" != "$(plan --memory 24M)" ] || bad "--memory changes nothing"
finish
