#!/usr/bin/env bash
# make gpu-libs: packs the libraries that icdpipe needs into build/gpu-libs, for a machine with a GPU that has no network
# to install them from. Run it on a Debian with network after make; copy the tree with build/gpu-libs to that machine,
# where make check-gpu and make bench-gpu unpack it (tests/gpu/build.sh) instead of make deps.
set -eu
cd "$(dirname "$0")/../.."
out=$PWD/build/gpu-libs
rm -rf "$out" && mkdir -p "$out"
# headers and programs, then whatever the built programs load; the C and C++ run-time is every machine's own
names=$(printf '%s\n' $DEPS | grep -Ev '^(gcc|g\+\+|libc6-dev|python3|zstd)$')
loaded=$(ldd bin/* | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u | xargs readlink -f | sort -u | sed 's|^/lib/|*/lib/|' |
    xargs -r dpkg -S 2>/dev/null | cut -d: -f1 | sort -u | grep -Ev '^(libc6|libgcc-s1|libstdc\+\+6|libgomp1)$')
spm=$(ldd "$(command -v spm_train)" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | xargs readlink -f | sed 's|^/lib/|*/lib/|' |
    xargs -r dpkg -S 2>/dev/null | cut -d: -f1 | sort -u | grep -Ev '^(libc6|libgcc-s1|libstdc\+\+6|libgomp1)$')
(cd "$out" && printf '%s\n' $names $loaded $spm | sort -u | xargs apt-get -qq download)
echo "gpu-libs: $(ls "$out" | wc -l) packages, $(du -sm "$out" | cut -f1) MiB in build/gpu-libs"
