#!/usr/bin/env bash
# once
# Directories that model_save writes load in transformers with no missing and no unexpected key, and compute the golden
# logits there. Needs PYTHON with transformers and torch; skipped without.
. "$(dirname "$0")/../lib.sh"
PYTHON=${PYTHON:-python3}
cd "$ROOT" || exit 1
if ! "$PYTHON" -c 'import transformers, torch, safetensors' 2>/dev/null; then
    skip from_pretrained "$PYTHON has no transformers"
    exit 0
fi
"$B/tests/golden/t5" "$T" >/dev/null 2>&1 || no saved "tests/golden/t5 failed"
cat >"$T/load.py" <<'EOF'
import sys, torch
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM
dir, golden = sys.argv[1:]
m, info = AutoModelForSeq2SeqLM.from_pretrained(dir, output_loading_info=True)
for kind in "missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs":
    if info.get(kind):
        sys.exit(f"{kind}: {info[kind]}")
g = load_file(golden + "/golden.safetensors")
ids, labels = g["ids"].long(), g["labels"].long()
mask = (torch.arange(ids.shape[1])[None] < g["len"][:, None]).long()
with torch.no_grad():
    start = torch.full((len(ids), 1), m.generation_config.decoder_start_token_id)
    said = torch.cat([start, labels[:, :-1].clamp(min=0)], 1)
    x = m.eval()(input_ids=ids, attention_mask=mask, decoder_input_ids=said).logits
d = (x - g["logits"]).abs().max().item()
if not d <= 1e-5:
    sys.exit(f"logits differ by {d}")
EOF
for v in t5-v1.0 t5-v1.1 t5-odd mt5; do
    if "$PYTHON" "$T/load.py" "$T/$v" "tests/golden/$v" >"$T/out" 2>"$T/err"; then
        ok "from_pretrained $v"
    else
        no "from_pretrained $v" "$(tail -n 1 "$T/err")"
    fi
done
exit $failed
