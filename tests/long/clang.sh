#!/usr/bin/env bash
# once
# All tests of what clang builds, under ASan and clang's UBSan, which sees what gcc's does not (null + 0). Not those of
# the build itself, and not those that measure. CLANG: its command; CLANG_TESTS: names of tests, as check-fast's T.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
clang=${CLANG:-clang}
command -v "${clang##* }" >/dev/null || { skip clang 'not installed'; exit 0; }
build=$B/clang
make CC="$clang" CXX="$clang++" SAN=1 CUDA=no B="$build" BIN="$build/bin" CFLAGS='-g -O1 -Wno-pass-failed' \
    SANFLAGS='-fsanitize=address,undefined,float-cast-overflow -fno-sanitize=vptr,function -fno-sanitize-recover=all' \
    tests-build >"$T/make" 2>&1
is 'builds without a warning' "$?:$(grep -E 'warning:|error:' "$T/make" | head -n 3)" 0:
# shellcheck disable=SC2086
timeout 14000 tests/run "$build" "$build/bin" -- ${CLANG_TESTS:-tests/unit tests/fuzz tests/grad tests/golden tests/cli tests/fault tests/e2e} \
    >"$T/out" 2>&1
rc=$?
grep -E ' [1-9][0-9]* failed|^    ' "$T/out" | sed 's/^/# /'
is 'tests' "$rc:$(tail -n 1 "$T/out")" "0:$(tail -n 1 "$T/out")"
exit $failed
