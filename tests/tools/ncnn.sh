#!/bin/sh
# SPDX-License-Identifier: MIT
# ncnn.sh - the documented command lines of waifu2x-, realesrgan-, realcugan- and srmd-ncnn-vulkan run as they stand
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
upscale=$abs_top_builddir/tools/cnn-upscale
data=$abs_top_srcdir/tests/formats/data/ncnn
"$mkpic" make input.png 24 20 rgb 8 10
cp input.png input.jpg.png
"$mkpic" make input.jpg 24 20 rgb 8 10
mkdir folder; cp input.png folder/a.png; "$mkpic" make folder/b.jpg 10 12 rgb 8 5
run() { rm -f output.png; expect 0 "$@"; [ ! -d outdir ] || no_litter; }
sized() { equal "$(info output.png | cut -d' ' -f1)" "$1"; }

# ---- the examples, and every option with the values that their usage names ------------------------------
run "$upscale" -i input.jpg -o output.png -s 2; sized 48x40
run "$upscale" -i input.jpg -o output.png -n -1 -s 2; sized 48x40
run "$upscale" -i input.jpg -o output.png -n 2 -s 2; sized 48x40
run "$upscale" -i input.png -o output.png -n -1 -s 2 -t 0 -c 3 -g auto -j 1:2:2 -f png; sized 48x40
run "$upscale" -v -i input.png -o output.png -s 4 -t 400 -g 0 -j 4:4:4; sized 96x80
run "$upscale" -i input.png -o output.png -s 3 -t 32 -g -1 -j 1:2,2,2:2; sized 72x60
run "$upscale" -i input.png -o output.png -s 1 -x; sized 24x20
run "$upscale" -i folder -o outdir -s 2 -f png; there outdir/a.png outdir/b.png
run "$denoise" -i folder -o outdir2 -n 2 -s 10 -f jpg -j 2:2:2 -t 0 -x -v; there outdir2/a.jpg outdir2/b.jpg
for level in -1 0 1 2 3; do run "$denoise" -i input.png -o output.png -n $level; sized 24x20; done
for mode in 0 1 2 3; do run "$denoise" -i input.png -o output.png -c $mode -n 0; done
expect 0 "$upscale" -h; silent
expect 0 "$denoise" -h; silent

# ---- -m FOLDER -n NAME, and networks whose file says the factor -----------------------------------------
mkdir models
cp "$data/gates.param" models/net-anime.param; cp "$data/gates.bin" models/net-anime.bin
run "$denoise" -i input.png -o output.png -m models -n net-anime -s 10 -g auto; there output.png
cp output.png want.png
for factor in 2 4; do for e in param bin; do cp "$data/gates.$e" models/video-x$factor.$e; done; done
run "$denoise" -i input.png -o output.png -m models -n video -s 10; same output.png want.png
run "$upscale" -i input.png -o output.png -m models -n video -s 2 -v
run "$denoise" -i input.png -o output.png -m models/net-anime.param -s 10; same output.png want.png
expect 3 "$denoise" -i input.png -o output2.png -m models -n absent; says 'absent'

# ---- what this build cannot do is said ----------------------------------------------------------------
refused() { word=$1; shift; expect 2 "$denoise" -i input.png -o never.png "$@"; says "$word"; absent never.png; }
refused 'CPU build' -g 1
refused 'CPU build' -g 0,1
refused 'from 0 to' -t 0,0,0
refused '0, 1, 2 or 3' -c 4
refused 'three as in 1:2:2' -j 1:2
refused 'format' -f gif
expect 2 "$denoise" -i input.png; says 'no output'
expect 2 "$denoise" -o never.png; says 'no input'
finish
