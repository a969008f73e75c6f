#!/usr/bin/env bash
# once
# tests/fault/signals.sh with 200 runs.
RUNS=${RUNS:-200} exec bash "$(dirname "$0")/../fault/signals.sh"
