#!/bin/sh
# SPDX-License-Identifier: MIT
# check-exports.sh - the shared library exports every function of cnnimg.h and nothing else
top=${abs_top_srcdir:-$(dirname "$0")/..}
build=${abs_top_builddir:-.}
lib=$build/libcnnimg/.libs/libcnnimg.so
[ -f "$lib" ] && command -v nm >/dev/null || { echo "no shared library or no nm: skipped"; exit 77; }

# Symbols that start with _ or __ are the tool chain's own.
nm -D --defined-only "$lib" | awk '{ print $NF }' | sed 's/@.*//' | grep -v '^_' | sort -u >exports.have.$$
sed -n 's/^CNNIMG_API.*[ *]\(cnnimg_[a-z_0-9]*\)(.*/\1/p' "$top/libcnnimg/cnnimg.h" | sort -u >exports.want.$$
status=0
diff exports.want.$$ exports.have.$$ || { echo "< promised by cnnimg.h, > exported by the library"; status=1; }
[ -s exports.want.$$ ] || { echo "no function found in cnnimg.h"; status=1; }
rm -f exports.have.$$ exports.want.$$
exit $status
