#!/usr/bin/env bash
# make gpu-libs: packs the libraries that icdpipe needs into build/gpu-libs, for a machine with a GPU that has no
# network to install them from. Run it on a Debian with network after make deps; copy the tree with build/gpu-libs to
# that machine, where make check-gpu and make bench-gpu unpack it (build.sh) instead of make deps.
set -eu
cd "$(dirname "$0")/../.."
out=$PWD/build/gpu-libs
rm -rf "$out" && mkdir -p "$out"
names=$(printf '%s\n' $DEPS | grep -Ev '^(gcc|g\+\+|libc6-dev|python3|zstd)$') # headers and programs
# and what they load; the run-time of C and C++ is every machine's own
files=$(dpkg -L $names | grep -E '/(lib[^/]*\.so|bin/[^/]*)$')
loaded=$(ldd $files 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | cat - <(readlink -f $files) | sort -u |
    xargs readlink -f | sed 's|.*/|*/|' | sort -u | xargs dpkg -S 2>/dev/null | cut -d: -f1 | sort -u |
    grep -Ev '^(libc6|libgcc-s1|libstdc\+\+6|libgomp1|libc6-.*|lib32.*|gcc-.*)$')
chmod 777 "$out" # apt fetches as a user of its own
(cd "$out" && printf '%s\n' $names $loaded | sort -u | xargs apt-get -qq download)
echo "gpu-libs: $(ls "$out" | wc -l) packages, $(du -sm "$out" | cut -f1) MiB in build/gpu-libs"
