#!/bin/sh
# SPDX-License-Identifier: MIT
# folders.sh - folders are mirrored, junk is passed over, damage is told, nothing is lost
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
run() { status=$1; shift; expect "$status" "$denoise" -s 10 "$@"; no_litter; }

# ---- one bad apple ------------------------------------------------------------
mkdir -p in/sub/deeper
"$mkpic" make in/good.png 24 17 rgb 8 10
"$mkpic" make in/one.png 1 1 rgb 8 0
"$mkpic" make in/sub/grey.png 9 30 grey 8 10
"$mkpic" make in/sub/deeper/p.jpg 20 20 rgb 8 10
"$mkpic" make whole.jpg 64 64 rgb 8 10
head -c 900 whole.jpg >in/cut.jpg
echo 'a shopping list' >in/notes.txt
: >in/empty.jpg
echo 'not a picture' >in/liar.png
"$mkpic" make in/.hidden.png 5 5 rgb 8 10
mkfifo in/pipe.png
ln -s . in/sub/loop
ln -s nowhere in/dangling.png
ln -s ../good.png in/sub/link.png
(cd in && find . -type f -exec cksum {} + | sort) >before

run 1 -r in -o clean
there clean/good.png clean/one.png clean/sub/grey.png clean/sub/deeper/p.jpg clean/sub/link.png
absent clean/cut.jpg clean/notes.txt clean/empty.jpg clean/liar.png clean/pipe.png clean/.hidden.png clean/sub/loop clean/dangling.png
for word in notes.txt empty.jpg pipe.png .hidden.png sub/loop; do says "in/$word: skipped: "; done
says '^cnn-denoise: in/cut.jpg: '; says '^cnn-denoise: in/liar.png: '; says '^cnn-denoise: in/dangling.png: '
equal "$(grep -c -e 'skipped' err)" 5
(cd in && find . -type f -exec cksum {} + | sort) >after
same before after
equal "$(info clean/one.png)" '1x1 colours 3 alpha 0 bits 8 png'
equal "$(info clean/sub/grey.png)" '9x30 colours 1 alpha 0 bits 8 png'

run 1 in -o flat; absent flat/sub; there flat/good.png; says 'in/sub: skipped'
run 1 in/empty.jpg in/good.png -o named/; says 'in/empty.jpg: '; there named/good.png
run 1 --quiet in -o flat2; equal "$(grep -c skipped err)" 0; says 'in/cut.jpg'
rm -rf in/cut.jpg in/liar.png in/dangling.png
run 0 -r in -o clean2; there clean2/one.png
run 1 in/absent.png in/good.png -o clean2; says 'in/absent.png: No such file'
mkdir void
run 0 void -o clean3; says 'no pictures'

# ---- names ----------------------------------------------------------------------
run 0 -r in -o types -f ppm --suffix _clean
there types/good_clean.ppm types/sub/deeper/p_clean.ppm
equal "$(info types/good_clean.ppm | cut -d' ' -f6-)" 'bits 8 ppm'
run 0 in/good.png -o made/below/; there made/below/good.png
run 0 -r in/sub in/sub/deeper -o two; there two/sub/grey.png two/deeper/p.jpg
cp in/good.png a.b.png
cp in/good.png nosuffix
run 0 a.b.png nosuffix -o dots; there dots/a.b.png dots/nosuffix
"$mkpic" make a.b.jpg 8 8 rgb 8 5
run 1 a.b.png a.b.jpg -o doubles -f png; says 'a.b.jpg: its result would replace that of a.b.png'
equal "$(info doubles/a.b.png)" "$(info a.b.png)"
run 0 -r in -o in/out; run 0 -r in -o in/out; absent in/out/out

# ---- --existing, and inputs -------------------------------------------------------
echo old >old.png; cp old.png out.png
run 0 --existing skip in/good.png out.png; says 'skipped'; same out.png old.png
run 1 --existing error in/good.png out.png; says 'exists'; same out.png old.png
run 0 in/good.png out.png; cmp -s out.png old.png && bad "out.png was not overwritten"
cp in/good.png self.png
run 1 self.png self.png; says 'input itself'; same self.png in/good.png
ln self.png hard.png
run 1 self.png hard.png; says 'input itself'; same self.png in/good.png
ln -s self.png soft.png
run 1 self.png soft.png; same self.png in/good.png
cp in/good.png pair.png; "$mkpic" make pair_x.png 9 9 rgb 8 9; cp pair_x.png keep.png
run 1 -o . --suffix _x --existing overwrite pair.png pair_x.png; says 'pair.png: ./pair_x.png is another input'
same pair_x.png keep.png; there pair_x_x.png
run 0 --existing overwrite self.png self.png; cmp -s self.png in/good.png && bad "self.png is as it was"
equal "$(info self.png)" "$(info in/good.png)"
run 1 in/good.png in; says 'in/good.png'

# ---- permissions and places -----------------------------------------------------------
umask 027
run 0 in/good.png rights.png
equal "$(ls -l rights.png | cut -c1-10)" '-rw-r-----'
run 0 -f png in/good.png /dev/null; [ -c /dev/null ] || bad "/dev/null was replaced"
run 1 in/good.png nowhere/x.png; says 'nowhere/x.png'
cp in/good.png target.png; ln -s target.png way.png
run 0 in/good.png way.png; [ -L way.png ] || bad "a link was replaced by a file"
cmp -s target.png in/good.png && bad "the link's target is as it was"

# ---- lists and shards --------------------------------------------------------------------
{ printf '\357\273\277'; printf '%s\n' ./in/good.png in/sub/grey.png "$PWD/in/one.png" ../"$(basename "$PWD")"/a.b.png; } >list # as an editor saves it
run 0 --files-from list -o listed; there listed/in/good.png listed/in/sub/grey.png listed/one.png listed/a.b.png
cp in/one.png 'new
line.png'
printf 'new\nline.png\0in/good.png\0' >list0
run 0 --files-from list0 --null zeros; there 'zeros/new
line.png' zeros/in/good.png
"$denoise" -s 10 --files-from - -o piped <list >out 2>err || bad "--files-from -"
there piped/in/good.png
expect 2 "$denoise" --files-from absent -o x; says absent
mkdir many
for i in 1 2 3 4 5 6 7 8 9; do cp in/one.png many/$i.png; done
for k in 1 2 3; do run 0 many -o shards --shard $k/3 --existing error; find shards -type f | wc -l >>counts; done
equal "$(find shards -type f | wc -l | tr -d ' ')" 9
[ "$(head -n 1 counts | tr -d ' ')" -lt 9 ] || bad "the first of three shards did everything"

# ---- deep ------------------------------------------------------------------------------------
deep=deep
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do deep=$deep/folder$i; done
mkdir -p "$deep"; cp in/one.png "$deep/x.png"
run 0 -r deep -o deepout; there "deepout/${deep#deep/}/x.png"
finish
