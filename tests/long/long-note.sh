#!/usr/bin/env bash
# once
# tests/cli/long-note.sh with a note of 200 MB in 2 GB of address space.
MB=200 LIMIT=2000000 exec bash "$(dirname "$0")/../cli/long-note.sh"
