#!/bin/sh
# SPDX-License-Identifier: MIT
# deblur.sh - cnn-denoise --deblur: what it gains, on what it does nothing, what it goes with and what it refuses
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
nets=$abs_top_srcdir/tests/api/data
data=$abs_top_srcdir/tests/tasks/data
cp "$data/deblur-seen.png" seen.png
cp "$data/deblur-truth.png" truth.png
cp "$data/deblur-kernel.png" kernel.png
"$mkpic" make a.ppm 40 30 rgb 8 10
psnr() { "$mkpic" psnr "$1" "$2"; }
more() { awk -v v="$1" -v a="$2" 'BEGIN { exit !(v >= a) }' || bad "$1 dB are not $2"; }
made() { rm -f "$out"; expect 0 "$denoise" --quiet "$@" "$out"; there "$out"; }
nothing_for() { rm -f no.ppm; want_status=$1; shift; expect "$want_status" "$denoise" "$@" a.ppm no.ppm; absent no.ppm; }

expect 0 "$denoise" --quiet -s 10 --deblur gauss:1 a.ppm b.ppm 2>err || :
if grep -q 'without FFTW' err; then
  nothing_for 1 --deblur gauss:1; says 'a.ppm: this build is without FFTW, which deblurring takes'
  failures=0; finish
fi

# ---- what it gains: seen is 22.2 dB from the truth; NumPy with the same network comes to 28.0 ---------------
more "$(psnr seen.png truth.png)" 22
out=o.png made -s 2.55 --deblur kernel.png seen.png
more "$(psnr o.png truth.png)" 27.5
out=drawn.png made -s 2.55 --deblur motion:11,30 seen.png
more "$(psnr drawn.png o.png)" 34
out=auto.png made --deblur kernel.png seen.png
more "$(psnr auto.png truth.png)" 27
out=one.png made -s 2.55 --iterations 1 --deblur kernel.png seen.png
more "$(psnr o.png truth.png)" "$(psnr one.png truth.png)"
out=half.png made -s 2.55 --strength 50 --deblur kernel.png seen.png
more "$(psnr half.png truth.png)" 23
out=none.png made -s 2.55 --strength 0 --deblur kernel.png seen.png
equal "$("$mkpic" hash none.png)" "$("$mkpic" hash seen.png)"
expect 0 "$denoise" --deblur kernel.png seen.png o2.png; says 'sigma [0-9.]* (estimated)'; same o2.png auto.png
expect 0 "$denoise" --json -s 3 --iterations 2 --deblur kernel.png seen.png o2.png; prints '"sigma":3,'; prints '"status":"done"'

# ---- a blur that is none, noise that is none ------------------------------------------------------------------
"$mkpic" make point.pgm 1 1 grey 8 0 1 1
out=o2.png made -s 0 --deblur point.pgm truth.png
more "$(psnr o2.png truth.png)" 52
"$mkpic" make flat.png 50 40 rgb 16 0 0.6 0.6
out=o2.png made -s 0 --deblur gauss:2 flat.png
more "$(psnr o2.png flat.png)" 60

# ---- the same bytes -------------------------------------------------------------------------------------------
for how in '-j 1' '-j 3' '-t 64' '-j 2 -t 50' '--memory 8M'; do
  out=o2.png made $how -s 2.55 --deblur kernel.png seen.png; same o2.png o.png
done
"$denoise" --quiet -s 2.55 --deblur kernel.png -f png - - <seen.png >o2.png; same o2.png o.png
mkdir in
cp seen.png in/1.png; cp seen.png in/2.png; cp a.ppm in/3.ppm
expect 0 "$denoise" --quiet -s 2.55 --deblur kernel.png -r in -o done; same done/1.png o.png; same done/2.png o.png; there done/3.ppm

# ---- kernels of all kinds ------------------------------------------------------------------------------------
"$mkpic" make line.pgm 15 1 grey 8 0 1 1
"$mkpic" make line16.png 15 1 grey 16 0 0.3 0.3
"$mkpic" make line3.png 15 1 rgb 8 0 1 1
"$mkpic" make line.pfm 15 1 grey 32 0 7 7
"$mkpic" make upright.pgm 1 15 grey 8 0 1 1
out=line.png made -s 3 --deblur line.pgm seen.png
for k in line16.png line3.png line.pfm motion:15,0 motion:15,180; do
  out=o2.png made -s 3 --deblur $k seen.png; more "$(psnr o2.png line.png)" 45
done
out=line.png made -s 3 --deblur upright.pgm seen.png
out=o2.png made -s 3 --deblur motion:15,90 seen.png; more "$(psnr o2.png line.png)" 45
out=o2.png made -s 3 --deblur motion:15,-90 seen.png; more "$(psnr o2.png line.png)" 45

# ---- depths, channels, sides -----------------------------------------------------------------------------------
"$mkpic" make p16.png 40 30 rgb 16 5
"$mkpic" make g.pgm 40 30 grey 8 5
"$mkpic" make rgba.png 40 30 rgba 8 5
"$mkpic" make f.pfm 40 30 rgb 32 5 -0.5 1.5
"$mkpic" make dot.ppm 1 1 rgb 8 5
"$mkpic" make thin.ppm 1 50 rgb 8 5
out=o.png made --deblur gauss:1.2 p16.png; equal "$(info o.png)" "$(info p16.png)"
out=o2.png made --deblur gauss:1.2 --depth 8 p16.png; equal "$(info o2.png)" '40x30 colours 3 alpha 0 bits 8 png'
out=o.pgm made --deblur gauss:1.2 g.pgm; equal "$(info o.pgm)" "$(info g.pgm)"
out=o.png made --deblur gauss:1.2 rgba.png; equal "$(info o.png)" "$(info rgba.png)"
equal "$("$mkpic" alpha o.png)" "$("$mkpic" alpha rgba.png)"
out=o.png made --deblur gauss:1.2 --alpha drop rgba.png; equal "$(info o.png)" '40x30 colours 3 alpha 0 bits 8 png'
out=o.pfm made -s 5 --deblur gauss:1 f.pfm; "$mkpic" range o.pfm >range
awk '{ exit !($1 < -0.3 && $2 > 1.3) }' range || bad "PFM values below 0 and above 1 are cut off"
out=o.ppm made --deblur point.pgm dot.ppm; equal "$(info o.ppm)" "$(info dot.ppm)"
out=o.ppm made --deblur upright.pgm thin.ppm; equal "$(info o.ppm)" "$(info thin.ppm)"

# ---- with others ------------------------------------------------------------------------------------------------
for wrap in x y both; do out=$wrap.ppm made -s 5 --deblur gauss:1 --wrap $wrap a.ppm; done
cmp -s x.ppm y.ppm && bad "--wrap does nothing"
out=x8.ppm made -s 5 --deblur gauss:1 -x --iterations 2 a.ppm
out=n.ppm made -n 0 --deblur gauss:1 a.ppm; out=s.ppm made -s 5 --deblur gauss:1 a.ppm; same n.ppm s.ppm
expect 0 "$denoise" --dry-run -s 5 --deblur gauss:12 --json seen.png; prints '"status":"planned"'
expect 0 "$denoise" --quiet --progress json -s 5 --deblur gauss:1 seen.png o2.png
expect 0 "$denoise" -s 5 --max-pixels 100000 --deblur gauss:1 seen.png o2.png

# ---- what is refused -----------------------------------------------------------------------------------------------
nothing_for 1 --deblur nowhere.png; says 'nowhere.png'
nothing_for 1 --deblur truth.png; says 'truth.png: a kernel is a grey picture'
nothing_for 1 --deblur rgba.png; says 'rgba.png: a kernel is a picture without alpha'
"$mkpic" make zero.pgm 5 5 grey 8 0 0 0
nothing_for 1 --deblur zero.pgm; says 'all weights of the kernel are 0'
"$mkpic" make wide.pgm 1024 2 grey 8 0
nothing_for 1 --deblur wide.pgm; says 'wide.pgm: a kernel of 1024x2 pixels; there may be 1023 a side'
nothing_for 1 --deblur gauss:5; says 'a.ppm: the kernel has 41x41 pixels, more than the picture, which has 40x30'
nothing_for 1 --deblur gauss:1 -m "$nets/identity.onnx"; says 'a network that is told how much noise there is'
nothing_for 1 --deblur gauss:1 -m "$nets/double.onnx"; says 'a network that keeps the size'
"$mkpic" make large.ppm 1200 1000 rgb 8 5
rm -f no.ppm
expect 1 "$denoise" --memory 24M --deblur gauss:1 large.ppm no.ppm; absent no.ppm
says 'large.ppm: deblurring holds the whole picture: .* MiB for 1200x1000 pixels, of the memory limit of 24 MiB'
"$mkpic" make none.pfm 40 30 rgb 32 0 nan nan
expect 1 "$denoise" --deblur gauss:1 -s 5 none.pfm no.pfm; absent no.pfm; says 'none.pfm: row .* samples that are no finite numbers'
nothing_for 2 --iterations 4; says '--iterations goes with --deblur'
nothing_for 2 --deblur gauss:1 --jpeg auto; says '--deblur and --jpeg are two things'
nothing_for 2 --deblur gauss:1 --detail 30; says 'not with --detail or --chroma'
nothing_for 2 --deblur gauss:1 --chroma 30; says 'not with --detail or --chroma'
nothing_for 2 --deblur gauss:1 --sigma-map g.pgm; says '--deblur takes one sigma'
expect 2 "$denoise" --estimate --deblur gauss:1 a.ppm; says 'only measured is not deblurred'
no_litter
finish
