#!/usr/bin/env bash
# make dist and make deb: packs what make install puts into ROOT, a folder for / with everything under /usr.
#   tools/dist.sh tar|deb ROOT NAME ARCH VERSION OUT
# tar: programs, pages, shared data, the libraries of this Debian that the programs load (all but glibc) and the licences
#      of these, in one folder that runs from anywhere; OUT/NAME.tar.gz.
# deb: OUT/icdpipe_VERSION_amd64.deb, which depends on Debian's libraries.
# Both are unpacked and run before they get their name. Tests: tests/selftest/build.sh.
set -euo pipefail
export LC_ALL=C
what=$1 root=$2 name=$3 arch=$4 version=$5 out=$6
die() { echo "$what: $1" >&2; exit 1; }
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

# No instruction beyond the level: a wider register or a mask would be one.
case $arch in
    x86-64-v3) beyond='%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[0-7]' ;;
    x86-64-v2 | x86-64) beyond='%[yz]mm|%k[0-7]|[[:space:]]v(mov|add|mul|fmadd|pxor|xor)[a-z0-9]*[[:space:]]' ;;
    *) die "ARCH=$arch: a level is wanted: x86-64-v3, x86-64-v2 or x86-64" ;;
esac
for f in "$root"/usr/bin/*; do
    n=$(objdump -d --no-show-raw-insn "$f" | grep -cE "$beyond" || true)
    [ "$n" = 0 ] || die "$(basename "$f"): $n instructions beyond $arch"
done

# runs FOLDER: every program in FOLDER/bin starts, with nothing in its environment, and the first tools make notes
runs() {
    local f
    for f in "$1"/bin/*; do
        env -i "$f" --version >/dev/null || die "$(basename "$f") does not run"
    done
    [ -x "$1/bin/mimic-synth" ] || return 0
    env -i "$1/bin/mimic-synth" -q --admissions 20 "$tmp/mimic"
    env -i "$1/bin/mimic-split" -q --splits "$tmp/mimic/splits" --gold "$tmp/gold" -o "$tmp/note" "$tmp/mimic"
    env -i "$1/bin/kb-build" -q -o "$tmp/kb"
    env -i "$1/bin/note-sample" -q -k "$tmp/kb" "$tmp/note" | env -i "$1/bin/rec-cat" --check - >/dev/null
    rm -rf "$tmp/mimic"
}

# owner FILE: the Debian package of a library
owner() {
    local f
    f=$(readlink -f "$1")
    dpkg-query -S "$f" 2>/dev/null | cut -d: -f1 || dpkg-query -S "${f#/usr}" 2>/dev/null | cut -d: -f1 ||
        die "$f: no Debian package has it, so its licence is not known"
}

pack_tar() {
    local tree=$tmp/$name doc=$tmp/$name/share/doc/icdpipe f pkg
    cp -a "$root/usr" "$tree"
    mv "$doc/README.md" "$doc/LICENSE" "$doc/THIRD_PARTY.md" "$tree/"
    mkdir -p "$tree/lib/icdpipe" "$doc/licences"
    ldd "$root"/usr/bin/* | awk '/=> \// {print $3}' | sort -u |
        grep -vE '/(libc|libm|libmvec|libdl|librt|libpthread|libresolv|libutil)\.so' >"$tmp/libs" || true
    while read -r f; do
        pkg=$(owner "$f")
        cp -L "$f" "$tree/lib/icdpipe/"
        [ -f "/usr/share/doc/$pkg/copyright" ] || die "$pkg: no /usr/share/doc/$pkg/copyright here"
        cp -L "/usr/share/doc/$pkg/copyright" "$doc/licences/$pkg"
        echo "$(basename "$f") $(dpkg-query -W -f='${Package} ${Version} (source: ${source:Package} ${source:Version})' "$pkg")"
    done <"$tmp/libs" >"$tmp/list"
    {
        echo "The libraries in lib/icdpipe are unmodified files of Debian packages. The folder licences has the licence"
        echo "of each; the source of each is at https://snapshot.debian.org under the name and version given here."
        echo
        sort "$tmp/list"
    } >"$doc/LIBRARIES"
    {
        echo "icdpipe $version for Linux on $arch. Run it from here or move the folder: bin/ finds lib/ and share/ next to it."
        echo "It needs glibc $(glibc "$tree") or later and, to talk to https servers, certificates in /etc/ssl/certs."
        echo
        echo "    export PATH=\$PWD/bin:\$PATH MANPATH=\$PWD/share/man:"
        echo "    . share/bash-completion/completions/icdpipe"
        echo
        echo "README.md says what the programs do. Licences: LICENSE, THIRD_PARTY.md, share/doc/icdpipe/LIBRARIES."
    } >"$tree/INSTALL"
    tar -C "$tmp" --sort=name --mtime="@$date" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"$tmp/tar"
    rm -rf "$tree"
    tar -C "$tmp" -xzf "$tmp/tar"
    runs "$tree"
    f=$(env -i ldd "$tree"/bin/* | awk '/=> / {print $3}' | grep -vE "^$tree/|/(libc|libm|libmvec|libdl|librt|libpthread|libresolv|libutil)\.so" || true)
    [ -z "$f" ] || die "loaded from elsewhere: $f"
    mv "$tmp/tar" "$out/$name.tar.gz"
    echo "$out/$name.tar.gz"
}

# glibc FOLDER: the version that programs and libraries ask for
glibc() {
    for f in "$1"/bin/* "$1"/lib/icdpipe/*; do objdump -T "$f" 2>/dev/null || true; done |
        grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1 | cut -d_ -f2
}

pack_deb() {
    local deb=$tmp/deb depends
    command -v dpkg-shlibdeps >/dev/null || die 'dpkg-shlibdeps is missing: Debian: dpkg-dev'
    mkdir -p "$deb/DEBIAN" "$tmp/debian"
    cp -a "$root/usr" "$deb/usr"
    cat "$deb/usr/share/doc/icdpipe/LICENSE" "$deb/usr/share/doc/icdpipe/THIRD_PARTY.md" >"$deb/usr/share/doc/icdpipe/copyright"
    find "$deb/usr/share/man" -type f -exec gzip -9n {} +
    printf 'Source: icdpipe\n\nPackage: icdpipe\nArchitecture: amd64\n' >"$tmp/debian/control"
    depends=$(cd "$tmp" && dpkg-shlibdeps -O deb/usr/bin/* 2>"$tmp/err") || die "$(tail -n 3 "$tmp/err")"
    cat >"$deb/DEBIAN/control" <<EOF
Package: icdpipe
Version: $version
Architecture: amd64
Maintainer: The icdpipe authors <icdpipe@localhost>
Installed-Size: $(du -sk "$deb/usr" | cut -f1)
Depends: ${depends#shlibs:Depends=}
Recommends: make
Suggests: bash-completion, man-db
Section: science
Priority: optional
Description: assign ICD codes to clinical notes
 Small tools that pass msgpack streams through pipes: prepare notes, train a
 T5 model with a label-attention classifier, predict codes and score them.
 .
 Built for $arch; the programs say so on an older processor.
EOF
    find "$deb" -exec touch -hd "@$date" {} +
    SOURCE_DATE_EPOCH=$date dpkg-deb --root-owner-group -Zxz --build "$deb" "$tmp/icdpipe.deb" >/dev/null
    dpkg-deb -x "$tmp/icdpipe.deb" "$tmp/x"
    runs "$tmp/x/usr"
    mv "$tmp/icdpipe.deb" "$out/icdpipe_${version}_amd64.deb"
    echo "$out/icdpipe_${version}_amd64.deb"
}

"pack_$what"
