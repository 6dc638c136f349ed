#!/bin/sh
# SPDX-License-Identifier: MIT
# cross-aarch64.sh - builds for 64-bit ARM with a cross compiler and runs the tests there under qemu-user
#
#   cross-aarch64.sh             what `make check` runs, without the shell scripts of the tools; or: make check-aarch64
#   cross-aarch64.sh --all       with them: they denoise many pictures, which an emulator does a hundred times slower
#   cross-aarch64.sh TEST...     those named, as tests/kernels/test_kernels
#
# Everything lies in ./build-aarch64 (of the folder that it is called in): a second call builds only what changed. Needs
# Debian's gcc-aarch64-linux-gnu and qemu-user, which are installed when they are missing and that is allowed. The arm64
# libraries are fetched by a package list of their own and unpacked there: this machine's packages stay as they are.
# The last line says how many passed. Bytes can be checked this way, time cannot: an emulator has none of its own.

set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
triplet=aarch64-linux-gnu
build=$PWD/build-aarch64
sysroot=$build/sysroot
jobs=$(nproc 2>/dev/null || echo 1)
step() { printf '== %s\n' "$*"; }
die() { printf 'cross-aarch64: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
logged() { # logged LOG COMMAND...: quiet while all is well, the end of the log when not
  log=$build/$1.log
  shift
  "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; die "$1 failed (log: $log)"; }
}

# ---- what the machine must have ---------------------------------------------------
qemu() { command -v qemu-aarch64 || command -v qemu-aarch64-static; }
missing_tools() {
  have $triplet-gcc || echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross
  qemu >/dev/null || echo qemu-user
  have make || echo make
  have pkg-config || echo pkg-config
}
install_tools() {
  packages=$(missing_tools | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  step "installing $packages"
  as_root=
  [ "$(id -u)" = 0 ] || as_root='sudo -n'
  # shellcheck disable=SC2086 # one word a package
  { $as_root apt-get update && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends \
    $packages; } >"$build/tools.log" 2>&1 ||
    die "needed and not here; type: sudo apt-get install $packages (log: $build/tools.log)"
}

# ---- arm64 libraries, without dpkg ------------------------------------------------
foreign_apt() {
  apt-get -q -y -o Dir::State="$build/apt/state" -o Dir::State::status="$build/apt/status" \
    -o Dir::Cache="$build/apt/cache" -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
    -o APT::Sandbox::User="$(id -un)" "$@"
}
libraries='libjpeg-dev libpng-dev libwebp-dev libtiff-dev liblcms2-dev libjansson-dev zlib1g-dev libcmocka-dev'
fetch_libraries() {
  [ "$(cat "$sysroot/complete" 2>/dev/null)" != "$libraries" ] || return 0
  step "fetching the arm64 libraries"
  rm -rf "$sysroot" "$build/apt"
  mkdir -p "$sysroot" "$build/apt/state/lists/partial" "$build/apt/cache/archives/partial"
  : >"$build/apt/status"
  logged libraries foreign_apt update
  # shellcheck disable=SC2086 # one word a package
  logged libraries foreign_apt --download-only --no-install-recommends install $libraries
  for package in "$build"/apt/cache/archives/*.deb; do
    case ${package##*/} in
      libc6* | libc-dev* | libcrypt* | linux-libc-dev* | libgcc* | gcc-*) ;; # the cross compiler brings its own
      *) dpkg-deb -x "$package" "$sysroot" ;;
    esac
  done
  rm -rf "$build/apt"
  rm -f "$build/Makefile" # what was found before is not what is found now
  echo "$libraries" >"$sysroot/complete"
}

# ---- build ------------------------------------------------------------------------
# Static: libtool then makes programs, not scripts that look for the library first.
configure() {
  [ ! -f "$build/Makefile" ] || return 0
  step "configuring in $build"
  lib=$sysroot/usr/lib/$triplet
  (cd "$build" && PKG_CONFIG_LIBDIR=$lib/pkgconfig:$sysroot/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$sysroot \
    LDFLAGS="-L$lib -Wl,-rpath-link,$lib:$sysroot/lib/$triplet" CPPFLAGS="-I$sysroot/usr/include -I$sysroot/usr/include/$triplet" \
    logged configure "$top/configure" --host=$triplet --disable-shared --enable-werror \
    --without-fftw --without-openblas)
}
build_all() {
  step "building with $jobs jobs"
  logged make make -C "$build" -j "$jobs"
  logged make-tests make -C "$build" -j "$jobs" check TESTS=
}

# ---- run --------------------------------------------------------------------------
# Each program makes room for a script of its name that hands it to the emulator, so that test programs, the tools and
# the shell scripts that call them run as they are, without binfmt and its privileges.
write_emulator() {
  cat >"$build/emulator" <<EOF
#!/bin/sh
exec $(qemu) -L /usr/$triplet -E LD_LIBRARY_PATH=$sysroot/usr/lib/$triplet:$sysroot/lib/$triplet "\$@"
EOF
  chmod +x "$build/emulator"
}
is_foreign() { [ "$(head -c 20 "$1" | od -An -tx1 -j18 | tr -d ' ')" = b700 ]; } # the machine in its ELF header
wrap() {
  dir=$(dirname "$1")
  name=$(basename "$1")
  mkdir -p "$dir/.aarch64"
  mv "$1" "$dir/.aarch64/$name"
  printf '#!/bin/sh\nexec %s -0 "$0" %s "$@"\n' "$build/emulator" "$dir/.aarch64/$name" >"$1"
  chmod +x "$1"
}
wrap_programs() {
  find "$build" -path "$sysroot" -prune -o -name .aarch64 -prune -o -type f -perm -u+x -print | while read -r file; do
    if is_foreign "$file"; then wrap "$file"; fi
  done
}
default_tests() {
  # shellcheck disable=SC2016 # make expands it
  printf 'include Makefile\nprint-tests:\n\t@echo $(TESTS)\n' | make -s -C "$build" -f - print-tests |
    tr ' ' '\n' | grep -v -E '^tests/(tools|models)/.*\.sh$' | tr '\n' ' '
}
run_tests() {
  step "running the tests under $(qemu) (log: $build/check.log)"
  case ${1:-} in
    --all) set -- ;;
    '') set -- TESTS="$(default_tests)" ;;
    *) set -- TESTS="$*" ;;
  esac
  EMULATOR=$build/emulator make -C "$build" -j "$jobs" check CXX=none "$@" >"$build/check.log" 2>&1 || true
  grep -E '^(FAIL|ERROR|SKIP):' "$build/check.log" || true
}
closing_line() {
  awk '/^# PASS:/ { pass += $3 } /^# XFAIL:/ { pass += $3 } /^# SKIP:/ { skip += $3 }
       /^# FAIL:/ || /^# ERROR:/ || /^# XPASS:/ { fail += $3 }
       END { if (!pass && !fail) fail = 1 # the build broke
             printf "%d passed, %d failed", pass, fail; if (skip) printf ", %d skipped", skip; print ""
             exit fail > 0 }' "$build/check.log"
}

[ -x "$top/configure" ] || (cd "$top" && ./bootstrap)
mkdir -p "$build"
install_tools
fetch_libraries
configure
build_all
write_emulator
wrap_programs
run_tests "$@"
closing_line
