#!/usr/bin/env bash
# once
# tests/fault/alloc.sh with every stack of calls that leads to an allocation, not a sample of them.
ALLOC=all exec bash "$(dirname "$0")/../fault/alloc.sh"
