#!/usr/bin/env bash
# once
# tests/twin/ptxas.sh for the other kind of GPU that programs are built for.
PTXAS_ARCH=80 exec bash "$(dirname "$0")/../twin/ptxas.sh"
