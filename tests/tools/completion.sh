#!/bin/sh
# SPDX-License-Identifier: MIT
# completion.sh - shells offer every option that --list-options lists, and the words that its value may be
. "${abs_top_srcdir:?}/tests/tools/lib.sh"
scripts=$abs_top_srcdir/tools/completion
upscale=$abs_top_builddir/tools/cnn-upscale

# What must be offered: letters and names of what this version knows.
options() { "$1" --list-options | awk '$3 != "later" { if ($1 != "-") print "-" $1; if ($2 != "-") print "--" $2 }' | sort; }

if bash -c 'mapfile -t x </dev/null' 2>/dev/null; then
  # offers PROGRAM WORDS...: what bash completes the last word to
  offers() {
    bash -c '
      source "$1" || exit 1
      shift
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      prev=${COMP_WORDS[COMP_CWORD - 1]}
      _cnnimg "$1" "${COMP_WORDS[COMP_CWORD]}" "$prev"
      printf "%s\n" "${COMPREPLY[@]}"' bash "$scripts/cnnimg.bash" "$@" | sed '/^$/d' | sort
  }
  for tool in "$denoise" "$upscale" "$colorize" "$inpaint"; do
    options "$tool" >want
    offers "$tool" - >got; same want got
    equal "$(offers "$tool" a.png --exis)" --existing
    equal "$(offers "$tool" --existing '' | tr '\n' ' ')" 'error overwrite skip '
    equal "$(offers "$tool" --existing = s)" skip
    equal "$(offers "$tool" --progress=j; offers "$tool" --progress = j)" json
    equal "$(offers "$tool" -f pf)" pfm
    equal "$(offers "$tool" --format p | tr '\n' ' ')" 'pam pfm png ppm '
    equal "$(offers "$tool" -m denoi)" denoise
    equal "$(offers "$tool" --shard '')$(offers "$tool" -s '')$(offers "$tool" pic)" ''
  done
fi

if zsh -fc true 2>/dev/null; then
  # The specifications that would go to _arguments.
  for tool in "$denoise" "$upscale" "$colorize" "$inpaint"; do
    zsh -fc '
      _arguments() { print -rl -- "$@"; }
      words=("$2")
      source "$1"' zsh "$scripts/_cnnimg" "$tool" >specs 2>err
    silent
    options "$tool" >want
    sed -n 's/^([^)]*)\(-[^[+=]*\)[+=]*\[.*/\1/p' specs | sort >got; same want got
    grep -q '^(--existing)--existing=\[.*\]:HOW:(overwrite skip error)$' specs || bad "zsh: words of --existing"
    grep -q '^(-r --recursive)-r\[.*\]$' specs || bad "zsh: -r takes no value"
    grep -q '^(--models-dir)--models-dir=\[.*\]:DIR:_files -/$' specs || bad "zsh: --models-dir"
  done
  head -n 1 "$scripts/_cnnimg" | grep -q '^#compdef .*cnn-denoise.*cnn-upscale' || bad "zsh: #compdef"
fi

# ---- help and manual ------------------------------------------------------------------------------
for tool in denoise upscale colorize inpaint; do
  expect 0 "$abs_top_builddir/tools/cnn-$tool" --help
  cp out help
  [ "$(wc -l <help)" -le 40 ] || bad "cnn-$tool --help has $(wc -l <help) lines"
  [ "$(wc -L <help)" -le 80 ] || bad "cnn-$tool --help is wider than 80 columns"
  page=$abs_top_builddir/tools/cnn-$tool.1
  sed 's/\\-/-/g' "$page" >manual
  for option in $(options "$abs_top_builddir/tools/cnn-$tool"); do
    [ "$option" = --list-options ] || grep -q -e "$option\b" help || bad "cnn-$tool --help does not know $option"
    grep -q -e "^\.BR* .*$option\b" manual || bad "cnn-$tool(1) does not know $option"
  done
  # ... and what the manual explains, the tool knows.
  sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' manual | grep -A1 '^\.TP' | grep -o -e ' --*[a-z][a-z-]*' | sort -u |
    while read -r option; do
      options "$abs_top_builddir/tools/cnn-$tool" | grep -qx -e "$option" || echo "cnn-$tool(1) has $option, the tool has not"
    done >strangers
  [ ! -s strangers ] || bad "$(cat strangers)"
  grep '^@' "$page" && bad "$page has an unfilled place"
  # Whatever -f knows stands in the page's first sentence and in README.md.
  sed -n '/^\.SH DESCRIPTION/,/^It runs/p' manual >first
  words=$("$abs_top_builddir/tools/cnn-$tool" --list-options | sed -n 's/^f format .* FMT \S* \(.*\) \[.*/\1/p' | tr -d ,)
  [ -n "$words" ] || bad "no formats behind -f"
  for word in $words; do
    case $word in jpg) word=jpeg ;; esac
    grep -qi "\b$word\b" first || bad "the first sentence of cnn-$tool(1) does not name $word"
    grep -i 'are read and written' "$abs_top_srcdir/README.md" | grep -qi "\b$word\b" || bad "README.md does not name $word"
  done
  if command -v groff >/dev/null 2>&1; then
    groff -man -ww -Tascii "$page" >/dev/null 2>err
    silent
  fi
done
finish
