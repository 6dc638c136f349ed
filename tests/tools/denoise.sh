#!/bin/sh
# SPDX-License-Identifier: MIT
# denoise.sh - what only cnn-denoise has: sigma, its estimate and its map, levels, chroma, detail, JPEG artefacts
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
nets=$abs_top_srcdir/tests/api/data
"$mkpic" make a.ppm 40 30 rgb 8 10
between() { awk -v v="$1" -v a="$2" -v b="$3" 'BEGIN { exit !(v >= a && v <= b) }' || bad "$1 is not from $2 to $3"; }
made() { rm -f "$out"; expect 0 "$denoise" --quiet "$@" a.ppm "$out"; there "$out"; }
differ() { cmp -s "$1" "$2" && bad "$1 and $2 are the same"; return 0; }
nothing_for() { rm -f no.ppm; want_status=$1; shift; expect "$want_status" "$denoise" "$@" a.ppm no.ppm; absent no.ppm; }

# ---- --sigma -----------------------------------------------------------------------
out=s10.ppm made -s 10
out=s40.ppm made --sigma 40
differ s10.ppm s40.ppm
expect 0 "$denoise" a.ppm auto.ppm; says 'sigma [0-9.]* (estimated)'
expect 0 "$denoise" -s auto a.ppm auto2.ppm; same auto.ppm auto2.ppm
expect 0 "$denoise" -m "$nets/halves.onnx" -s 12 a.ppm b.ppm; says 'halves.onnx: this network is told no sigma'
expect 0 "$denoise" -m "$nets/halves.onnx" a.ppm c.ppm; silent; same b.ppm c.ppm
expect 0 "$denoise" --json -s 12 a.ppm b.ppm; silent; prints '"sigma":12,'

# ---- where there is no noise, nothing is removed --------------------------------------
pixels() { "$mkpic" hash "$1"; }
"$mkpic" make flat.png 40 30 rgb 8 0 0.8 0.8
"$mkpic" make logo.png 40 30 rgba 16 10
expect 0 "$denoise" flat.png flat2.png; says 'sigma 0.0 (estimated)'; equal "$(pixels flat2.png)" "$(pixels flat.png)"
for more in '-t 16' '-x' '--wrap both' '--chroma 40 --detail 30' '--strength 80'; do
  expect 0 "$denoise" $more -s 0 logo.png logo2.png; equal "$(pixels logo2.png)" "$(pixels logo.png)"
done
expect 0 "$denoise" -s 1 logo.png logo2.png
[ "$(pixels logo2.png)" != "$(pixels logo.png)" ] || bad "the network leaves that picture alone: this test says nothing"

# ---- --estimate: the noise is the test's own -----------------------------------------
"$mkpic" make n20.png 320 240 rgb 8 20
"$mkpic" make n20-16.png 320 240 rgb 16 20
"$mkpic" make n20.pfm 320 240 rgb 32 20
"$mkpic" make n0.png 320 240 rgb 8 0
"$mkpic" make g20.png 320 240 grey 8 20
for f in n20.png n20-16.png n20.pfm g20.png; do
  expect 0 "$denoise" --estimate $f; silent; between "$(cat out)" 18 22
done
expect 0 "$denoise" --estimate n0.png; between "$(cat out)" 0 1.5
# 4:4:4, and below quality 90 4:2:0
identity="--quiet -m $nets/identity.onnx"
for q in 95 85; do
  expect 0 "$denoise" $identity -q $q n20.png n20-$q.jpg
  expect 0 "$denoise" --estimate n20-$q.jpg; between "$(cat out)" 16 25
  expect 0 "$denoise" $identity n20-$q.jpg again-$q.png
  expect 0 "$denoise" --estimate again-$q.png; between "$(cat out)" 16 25
done
expect 0 "$denoise" $identity -q 85 n0.png n0.jpg
expect 0 "$denoise" --estimate n0.jpg; between "$(cat out)" 0 3
mkdir -p in/sub
cp n20.png in/sub/x.png
cp n20-85.jpg in/y.jpg
expect 0 "$denoise" --estimate -r in; equal "$(wc -l <out | tr -d ' ')" 2
prints '^[0-9.]*	in/sub/x.png$'; prints '^[0-9.]*	in/y.jpg$'
expect 0 "$denoise" --estimate in; equal "$(sed 's/^[0-9.]*//' out)" "$(printf '\tin/y.jpg')" # a folder of one is a folder
printf 'n20.png\n' >list; expect 0 "$denoise" --estimate --files-from list; equal "$(sed 's/^[0-9.]*//' out)" "$(printf '\tn20.png')"
expect 0 "$denoise" --json --estimate -r in; equal "$(grep -c '"status":"measured"' out)" 2; prints '"sigma":[12]'
expect 2 "$denoise" --estimate n20.png b.ppm -o c.ppm

# ---- --sigma-map: 8 bits are sigma, 16 bits 257 times, PFM 1/255 ------------------------------
"$mkpic" make m8.pgm 40 30 grey 8 0 0.0392157 0.0392157
"$mkpic" make m16.png 40 30 grey 16 0 0.0392157 0.0392157
out=m.ppm made --sigma-map m8.pgm; same m.ppm s10.ppm
out=m.ppm made -s m8.pgm; same m.ppm s10.ppm
out=m.ppm made --sigma-map m16.png; same m.ppm s10.ppm
"$mkpic" make slope.png 40 30 grey 8 0 0 0.2
out=m.ppm made --sigma-map slope.png; differ m.ppm s10.ppm
out=m2.ppm made --sigma-map slope.png -t 16 -j 1; same m.ppm m2.ppm
"$mkpic" make small.png 20 30 grey 8 0
nothing_for 1 --sigma-map small.png; says 'small.png has 20x30 pixels, the picture has 40x30'
"$mkpic" make colour.png 40 30 rgb 8 0
nothing_for 1 --sigma-map colour.png; says 'colour.png: a map of sigma is a grey picture'
nothing_for 1 --sigma-map nowhere.png; says 'nowhere.png'
nothing_for 2 --sigma-map m8.pgm -s 3; says 'one sigma for all'
nothing_for 2 --sigma-map m8.pgm -m "$nets/halves.onnx"; says 'halves.onnx: this network takes no map'
nothing_for 2 -s 3.x; says 'or a picture'

# ---- -n: levels ----------------------------------------------------------------------------------
for pair in -1:0 0:5 1:10 2:20 3:35; do
  out=n.ppm made -n "${pair%:*}"
  out=s.ppm made -s "${pair#*:}"; same n.ppm s.ppm
done
out=n.ppm made -n 3 -s 10; same n.ppm s10.ppm
mkdir levels cugan cards
for k in 0 1 2 3; do cp "$nets/identity.onnx" levels/noise${k}_model.onnx; done
cp "$nets/halves.onnx" levels/noise2_model.onnx
cp "$nets/double.onnx" levels/noise1_scale2.0x_model.onnx
cp "$nets/double.onnx" cugan/up2x-conservative.onnx
cp "$nets/double.onnx" cugan/up2x-denoise1x.onnx
cp "$nets/identity.onnx" cards/a.onnx
cp "$nets/halves.onnx" cards/noise1_b.onnx # its card says otherwise
echo '{"noise_level":"1"}' >cards/a.onnx.card.json
echo '{"noise_level":"3"}' >cards/noise1_b.onnx.card.json
out=half.ppm made -m "$nets/halves.onnx"
out=n.ppm made -m levels -n 2; same n.ppm half.ppm
out=n.ppm made -m levels -n 1; same n.ppm a.ppm
out=n.ppm made -m cards -n 3; same n.ppm half.ppm
out=n.ppm made -m cards -n 1; same n.ppm a.ppm
nothing_for 3 -m levels -n -1; says 'levels: there is no network that does not enlarge for noise level -1'; says '0 1 2 3'
nothing_for 3 -m cugan -n 1; says 'cugan'
nothing_for 3 -m cards -n 0; says 'there are levels 1 3'
nothing_for 2 -m "$nets/halves.onnx" -n 1; says 'halves.onnx: -n 1: this network'
nothing_for 2 -n 4; says '-n 4'

# ---- --chroma, --detail ------------------------------------------------------------------------------
out=c.ppm made -s 10 --chroma 100 --detail 0; same c.ppm s10.ppm
out=c0.ppm made -s 10 --chroma 0; differ c0.ppm s10.ppm
out=c.ppm made -m "$nets/identity.onnx" --chroma 0 --detail 100; same c.ppm a.ppm
out=d.ppm made -s 75 --detail 100
out=d0.ppm made -s 75; differ d.ppm d0.ppm
for more in '-t 16' '-j 1' '-j 3 -t 8' '--memory 2M'; do
  out=c.ppm made -s 10 --chroma 0 $more; same c.ppm c0.ppm
  out=c.ppm made -s 75 --detail 100 $more; same c.ppm d.ppm
done
"$mkpic" make grey.pgm 40 30 grey 8 10
expect 0 "$denoise" --quiet -s 10 --chroma 0 grey.pgm g0.pgm
expect 0 "$denoise" --quiet -s 10 grey.pgm g1.pgm; same g0.pgm g1.pgm
for option in --chroma --detail; do for value in -1 101 x nan ''; do
  nothing_for 2 $option "$value"; says "$option $value: must be a percentage"
done; done

# ---- --jpeg: a stand-in, the picture itself with another card ------------------------------------------
mkdir -p m/deblock
cp "$nets/identity.onnx" m/deblock/deblock.onnx
echo '{"task":"deblock"}' >m/deblock/deblock.onnx.card.json
for value in auto 1 75 100; do
  out=j.ppm made --models-dir m --jpeg $value; same j.ppm a.ppm
done
nothing_for 2 --jpeg auto -m denoise; says 'denoise.onnx: --jpeg wants .*the task of this one is denoise'
for value in 0 101 1.5 best ''; do nothing_for 2 --jpeg "$value"; says "--jpeg $value: must be auto"; done
nothing_for 2 --jpeg auto -s 10; says '--jpeg removes'
# told the quality: adds 1 - quality / 100
"$mkpic" make flat.png 32 32 rgb 8 0 0.2 0.2
qf() { expect 0 "$denoise" --quiet -m "$nets/quality.onnx" "$@"; }
qf --jpeg 60 flat.png q.png; equal "$("$mkpic" range q.png)" "0.600000 0.600000"
expect 0 "$denoise" $identity -q 75 flat.png flat75.jpg
expect 0 "$denoise" $identity -q 30 flat.png flat30.jpg
qf --jpeg 75 flat75.jpg said.png; qf --jpeg auto flat75.jpg found.png; same said.png found.png
qf --jpeg 30 flat30.jpg said.png; qf --jpeg auto flat75.jpg flat30.jpg -o both/ -f png; same said.png both/flat30.png
expect 0 "$denoise" -m "$nets/quality.onnx" --jpeg auto flat75.jpg q.png; says 'JPEG quality 75 (estimated)'
nothing_for 1 -m "$nets/quality.onnx" --jpeg auto; says 'quality of this picture is not known'

finish
