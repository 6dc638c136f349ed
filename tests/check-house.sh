#!/bin/sh
# SPDX-License-Identifier: MIT
# check-house.sh - the house's rules that a script can see: who includes whom, file heads, third-party headers
#
# Errors fail the test; files that have grown long are only named.

cd "${abs_top_srcdir:-$(dirname "$0")/..}" || exit 99
status=0
bad() { echo "check-house: $*"; status=1; }

sources() { find "$@" -type f \( -name '*.c' -o -name '*.h' -o -name '*.inc' \) | sort; }

# ---- who includes whom ----------------------------------------------------------
may_include() { # the rooms that a room may see besides itself; cnnimg.h is everybody's
  case $1 in
    base) ;;
    net | kernels) echo base ;;
    image) echo kernels base ;;
    tensor) echo net kernels base ;;
    formats) echo net base ;;
    archs) echo formats net base ;;
    lower) echo tensor net base ;;
    ops) echo tensor net kernels base ;;
    exec) echo image net ops kernels base ;;
    tasks) echo lower exec image net kernels base ;;
    *) echo "?" ;;
  esac
}

for room in libcnnimg/*/; do
  room=$(basename "$room")
  allowed=$(may_include "$room")
  [ "$allowed" != "?" ] || { bad "libcnnimg/$room: a room that the rules do not know"; continue; }
  for file in $(sources "libcnnimg/$room"); do
    for header in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file"); do
      [ "$header" != cnnimg.h ] || continue
      case $header in */*) ;; *) bad "$file: \"$header\" must be named with its room"; continue ;; esac
      [ -f "libcnnimg/$header" ] || bad "$file: \"$header\" is not in libcnnimg/"
      case " $room $allowed " in
        *" ${header%%/*} "*) ;;
        *) bad "$file: $room may not include \"$header\" (allowed: cnnimg.h $room $allowed)" ;;
      esac
    done
  done
done

for file in $(sources helper tools samples); do
  for header in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^>"]*\)[>"].*/\1/p' "$file"); do
    case $header in
      base/* | image/* | net/* | formats/* | archs/* | ops/* | kernels/* | exec/* | tasks/* | tensor/* | lower/*)
        bad "$file: helper, tools and samples see cnnimg.h only, not \"$header\"" ;;
    esac
  done
done

# ---- a third-party header has one home ------------------------------------------
for header in png.h zlib.h jpeglib.h cblas.h fftw3.h lcms2.h zip.h jansson.h hdf5.h matio.h tiffio.h webp/decode.h; do
  for part in "libcnnimg tools" helper; do # the helper is a program of its own, which shares nothing
    homes=$(grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$header[>\"]" $(sources $part))
    [ "$(printf '%s\n' "$homes" | grep -c .)" -le 1 ] || bad "<$header> is included by more than one file:" $homes
  done
done

# ---- file heads -------------------------------------------------------------------
for file in $(sources libcnnimg helper tools samples tests); do
  case $file in
    *.inc) ;; # a list: its role is enough
    *) sed -n 1p "$file" | grep -q 'SPDX-License-Identifier: MIT' || bad "$file: line 1 is not the SPDX line" ;;
  esac
  sed -n '1,3p' "$file" | grep -qF "/* $(basename "$file") - " ||
    bad "$file: its head does not say \"/* $(basename "$file") - role in one sentence\""
done
for file in bootstrap .ci/run $(find tests tools models samples -name '*.sh' -o -name '*.py' | sort); do
  [ -f "$file" ] || continue
  head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || bad "$file: no SPDX line at its head"
done

# ---- only for one machine ---------------------------------------------------------
for file in $(sources libcnnimg helper tools samples tests) $(find . -path ./build -prune -o -name local.mk -print) \
  Makefile.am configure.ac bootstrap README.md HACKING.md; do
  [ -f "$file" ] || continue
  hit=$(grep -nE '(^|[^A-Za-z0-9_.])/(home|work|root|Users)/' "$file" | head -n 1)
  [ -z "$hit" ] || bad "$file: a path of somebody's machine: $hit"
done

# ---- sample pictures are the ones whose origin is written down ---------------------
for file in samples/photos/* samples/noisy/*; do
  sum=$(sha256sum "$file" | cut -d ' ' -f 1)
  grep -F "| ${file#samples/} |" samples/README.md | grep -qF "$sum" ||
    bad "$file: no row in samples/README.md with its sha256 $sum"
done

# ---- weights are the ones that were measured ----------------------------------------
(cd models && sha256sum -c --quiet SHA256SUMS) || bad "models/SHA256SUMS: a weight file changed without its checksum"
for file in models/*/*.onnx; do
  grep -qF "  ${file#models/}" models/SHA256SUMS || bad "$file: not in models/SHA256SUMS"
done

# ---- mutants still find the lines that they break -------------------------------------
tests/mutants/run.sh --applies || bad "tests/mutants: an edit no longer applies"

# ---- a test of the tools that fails in vain -------------------------------------------------
for file in $(grep -l '^\. .*tests/tools/lib\.sh' tests/*/*.sh); do
  case $(tail -n 1 "$file") in finish | 'exit '*) ;; *) bad "$file: does not end with finish, so what it finds is lost" ;; esac
done

# ---- a merge that was not finished --------------------------------------------------------
marked=$(find libcnnimg helper tools tests models samples docs -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.md' \
  -o -name '*.mk' -o -name '*.in' -o -name '*.inc' -o -name '*.html' \) -exec grep -lE '^(<{7}|>{7}) ' {} +)
[ -z "$marked" ] || bad "marks of a merge: $marked"

# ---- what only one compiler hears ----------------------------------------------------
for file in $(sources libcnnimg/kernels); do
  ! grep -q '#pragma GCC unroll' "$file" || bad "$file: clang is deaf to #pragma GCC unroll; write UNROLL, UNROLL_BY(n) or ROLL (kernels/vec.h)"
done

# ---- length (named, not failed) -----------------------------------------------------
for file in $(sources libcnnimg helper tools); do
  lines=$(($(wc -l <"$file")))
  [ "$lines" -le 400 ] || echo "note: $file has $lines lines; a file over 400 usually has two roles"
done

[ $status -ne 0 ] || echo "check-house: all rules that a script can see are kept"
exit $status
