# Sourced by check.sh and bench.sh: builds icdpipe with CUDA on a machine with a GPU and nothing else prepared. Needs: a
# driver, CUDA's toolkit with cuBLAS, gcc, make. The libraries come from make deps (root, network) or, on
# a machine without network, from build/gpu-libs (make gpu-libs, before, on another machine).
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
ROOT=$PWD
die() { echo "$0: $1" >&2; exit "${2:-69}"; }
command -v nvidia-smi >/dev/null &&
    gpu=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader) ||
    die "no GPU: nvidia-smi finds none"
have() {
    printf '#include <%s.h>\n' stdio stddef stdint archive csv isa-l zstd msgpack xxhash jansson utf8proc curl/curl dnnl |
        ${CC:-cc} -x c -fsyntax-only - 2>/dev/null &&
        command -v spm_train >/dev/null && command -v python3 >/dev/null
}
before=${LD_LIBRARY_PATH:-} # the oracle's
if ! have && ls build/gpu-libs/*.deb >/dev/null 2>&1; then
    root=$ROOT/build/gpu-libs/root
    for d in build/gpu-libs/*.deb; do dpkg -x "$d" "$root" || die "$d cannot be unpacked"; done
    export CPATH=$root/usr/include:$root/usr/include/x86_64-linux-gnu PATH=$PATH:$root/usr/bin
    export LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
    export LD_LIBRARY_PATH=$LIBRARY_PATH${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
have || make deps || die "libraries are missing: make deps needs root and network; without them: tests/gpu/libs.sh"
git diff --quiet HEAD 2>/dev/null && changes= || changes=' and changes'
echo "# commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)$changes"
echo "# $gpu; $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
make CUDA=yes gpu-build || die "it does not build" 70
