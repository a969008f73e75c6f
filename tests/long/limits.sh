#!/usr/bin/env bash
# once
# The calls of tests/fault/alloc.sh with too small an address space (ulimit -v): mmap() and threads fail, too.
ALLOC=limits exec bash "$(dirname "$0")/../fault/alloc.sh"
