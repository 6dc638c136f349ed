#!/bin/sh
# SPDX-License-Identifier: MIT
# options.sh - every option of the table: values, mistakes, exit statuses; --help and --version
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
"$mkpic" make a.ppm 16 16 rgb 8 10

# ---- help and version go to standard output ---------------------------------
expect 0 "$denoise" -h; silent; prints '^cnn-denoise: '
[ "$(wc -l <out)" -le 40 ] || bad "--help has more than 40 lines"
[ "$(wc -L <out)" -le 80 ] || bad "--help is wider than 80 columns"
cp out help
expect 0 "$denoise" --help; same out help
expect 0 "$denoise" --version; silent; prints '^cnn-denoise [0-9]'
expect 2 "$denoise"; says 'no input'; [ ! -s out ] || bad "a mistake prints to standard output"
expect 2 "$denoise" a.ppm; says 'no output'
expect 2 "$denoise" a.ppm a.ppm b.ppm; says '-o'
expect 2 "$denoise" --nonsense a.ppm b.ppm; says '--nonsense'
expect 2 "$denoise" -Z a.ppm b.ppm; says '-Z is no option'
expect 2 "$denoise" -resize 50% a.ppm b.ppm; says '-resize is no option'
absent b.ppm

# ---- the table ----------------------------------------------------------------
expect 0 "$denoise" --list-options
cp out table
sed 's/\\-/-/g' "$abs_top_builddir/tools/cnn-denoise.1" >manual
[ "$(wc -l <table)" -ge 35 ] || bad "--list-options lists too few"
while read -r letter name kind arg range text; do
  option=--$name
  [ "$name" != - ] || option=-$letter
  case $kind in
    later)
      expect 2 "$denoise" "$option" a.ppm b.ppm; says "$option is not in this version"
      continue ;;
    *)
      [ "$name" = list-options ] || grep -q -e "$option" help || bad "--help does not know $option"
      grep -q -e "^\.BR* .*$option" manual || bad "the manual does not know $option" ;;
  esac
  if [ "$arg" = - ]; then
    [ "$name" = - ] || { expect 2 "$denoise" "$option=1" a.ppm b.ppm; says 'takes no value'; }
    continue
  fi
  expect 2 "$denoise" a.ppm b.ppm "$option"; says "$option needs a value"
  case $kind in
    count)
      for value in "$((${range#*..} + 1))" -1 1.5 x ''; do
        expect 2 "$denoise" "$option" "$value" a.ppm b.ppm; says "$option $value: must be a whole number"
      done ;;
    word) expect 2 "$denoise" "$option" nonsense a.ppm b.ppm; says "$option nonsense: must be one of" ;;
    text) expect 2 "$denoise" "$option" '' a.ppm b.ppm; says 'must not be empty' ;;
  esac
done <table
absent b.ppm

# ---- values that are judged by hand ---------------------------------------------
wrong() { option=$1; shift; for value; do expect 2 "$denoise" "$option" "$value" a.ppm b.ppm; says "$option $value: "; done; }
wrong -s -1 75.1 nan inf 1e9 x 25x 0x10 ''
wrong -f gif xcf x ../png ''
wrong -j -1 x 1:2 1:2:3:4 0:1:1 1025 1.5 ''
wrong --memory 0 10 x 101% -5% 1Q 1KM ''
wrong --strength -1 101 x nan % 50%% 101% ''
wrong --keep nothing all,exif exif, ''
wrong --shard 0/2 3/2 1 1/0 /2 a/b 1/ ''
wrong --max-pixels 0 -1 x ''
wrong -n 4 -2 ''
wrong -g 1 0,1 x
wrong -c -1 4 x ''
wrong --suffix a/b
wrong --iterations 0 101 1.5 x ''
wrong --deblur '' gauss: gauss:0 gauss:51 gauss:x gauss:1,2 motion:9 motion:9, motion:,9 motion:0,9 motion:401,0 motion:9,361 motion:9,x

# ---- values that are taken, attached or not ----------------------------------------
taken() { rm -f b.ppm; expect 0 "$denoise" --quiet "$@" a.ppm b.ppm; silent; there b.ppm; }
taken -s 25
taken -s25 -j1 -t 64
taken --sigma=0 --threads 2
taken -s auto -j 1:2,2:2 -c 3 -g -1 -n 1 -t 0
taken -s 75 --memory 100M --strength 50% --detail 0% -g auto
taken -s 12.5 --memory 50% -n -1 -q 100 --keep exif,icc,xmp,text
taken -n denoise -g 0 -r --progress none --max-pixels 1M --keep none
rm -f b.ppm
expect 0 "$denoise" --quiet -s 5 -i a.ppm -o b.ppm; there b.ppm
rm -f b.ppm
expect 0 "$denoise" --quiet -i a.ppm b.ppm; there b.ppm
cp a.ppm ./-s.ppm
expect 0 "$denoise" --quiet -s 5 -- -s.ppm b.ppm
rm -f b.ppm

# ---- together ----------------------------------------------------------------------
expect 2 "$denoise" --estimate -o b.ppm a.ppm; says 'no output'
expect 2 "$denoise" --null a.ppm b.ppm; says '--files-from'
expect 2 "$denoise" --json a.ppm -; says 'standard output'
expect 2 "$denoise" --sigma-map - - b.ppm; says 'only once'
expect 2 "$denoise" - - -o d/; says 'only once'
expect 2 "$denoise" - -o d/; says 'no name'
expect 2 "$denoise" a.ppm b.gif; says 'b.gif'
expect 2 "$denoise" a.ppm nowhere; says 'End it with /'
expect 2 "$denoise" a.ppm a.ppm -o -; says 'standard output'
expect 2 "$denoise" a.ppm a.ppm -o a.ppm; says 'not a folder'
absent b.ppm d b.gif nowhere
finish
