#!/usr/bin/env bash
. "$(dirname "$0")/kb-common"
# Asking a chat endpoint: what is sent, what is done with whatever comes back, the cache. The endpoint is
# tests/cli/chat_server.py on 127.0.0.1; nothing leaves the machine.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY OPENAI_BASE_URL OPENAI_API_BASE OPENAI_MODEL
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 OPENAI_API_KEY=sk-zqsecretqz
S=$T/server; mkdir "$S"
${PYTHON:-python3} "$(dirname "$0")/chat_server.py" "$S" & server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$T"' EXIT
for i in $(seq 200); do [ -f "$S/port" ] && break; sleep 0.05; done
[ -f "$S/port" ] || { no server "does not start"; exit 1; }
URL=http://127.0.0.1:$(cat "$S/port")/v1
printf '401.9\n428.0\n486\n' >"$T/codes"

# plan 'CODE STEP...' LINE...: what the server does from here on, with an empty log and an empty cache
plans=0
plan() {
    rm -rf "$T/cache" "$S/log"; touch "$S/log"
    plans=$((plans + 1)); printf '%s\n' "# $plans" "$@" >"$S/plan.new"; mv "$S/plan.new" "$S/plan"
}
better() { printf '%s\n' "# $plans" "* ok" >"$S/plan.new"; mv "$S/plan.new" "$S/plan"; } # from here on all is well
ask() { kb-build --no-builtin --labels "$T/codes" --ask "$URL" --model tiny --cache "$T/cache" --retry-wait 0.01 --timeout 20 -o "$T/k.icds" "$@"; }
asked() { grep -c "^$1 " "$S/log"; }
whole() { query "$T/k.icds" 'all(f"term of {c}" in texts(c) and f"other word for {c}" in texts(c) for c in r)'; }

# ---- what is sent, what comes out ----
plan
exits ask 0 ask
is all-answered "$(whole)" True
is types-and-source "$(query "$T/k.icds" 'texts("401.9", "abbreviation", "tiny"), texts("401.9", "synonym", "tiny")')" "AB4019 other word for 401.9"
is request "$(grep '^401.9 ' "$S/log" | cut -d' ' -f2-8)" "ok /v1/chat/completions sk-zqsecretqz tiny max_tokens=2048 temperature=0 seed=1"
is asked-once "$(wc -l <"$S/log")" 3
is cache-files "$(ls "$T/cache" | wc -l) $(stat -c %a "$T/cache"/* | sort -u) $(stat -c %a "$T/cache")" "3 600 700"
is history-without-server "$(rec-cat --head --json "$T/k.icds" | grep -c "127.0.0.1\|$(cat "$S/port")\|sk-zq")" 0
is history-names-the-model "$(query "$T/k.icds" 'h["history"][0]["options"]["model"]')" tiny
is lineage-has-the-answers "$(query "$T/k.icds" '[i["name"] for i in e["lineage"][-1]["inputs"]][:1] + [i["name"] for i in e["lineage"][-1]["inputs"]][-1:]')" "['expressions.txt', 'tiny']"
is no-key-in-the-cache "$(grep -rc sk-zq "$T/cache" | grep -cv ':0')" 0
cp "$T/k.icds" "$T/first.icds"
exits again 0 ask
is nothing-asked-again "$(wc -l <"$S/log")" 3
same again-the-same "$T/first.icds" "$T/k.icds"
exits other-model 0 ask --model other; is other-model-is-asked "$(wc -l <"$S/log")" 6
exits own-prompt 0 ask --prompt <(echo 'About code: {code} ({title}, {icd})'); is other-prompt-is-asked "$(wc -l <"$S/log")" 9
exits from-the-cache 0 kb-build -q --no-builtin --labels "$T/codes" --answers "$T/cache" -o "$T/k.icds"
is from-the-cache-whole "$(whole)" True
exits environment 0 env OPENAI_BASE_URL="$URL/" OPENAI_MODEL=tiny kb-build --no-builtin --labels "$T/codes" --ask env --cache "$T/c2" -o "$T/k.icds"
is environment-whole "$(whole)" True
plan; exits no-key 0 env -u OPENAI_API_KEY kb-build -q --labels "$T/codes" --ask "$URL" --model tiny --cache "$T/cache" -o "$T/k.icds"
is no-key-sent "$(cut -d' ' -f4 "$S/log" | sort -u)" "-"
plan; printf 'A. term of 401.9, term two\n' >"$T/a"; mkdir "$T/ans"; printf 'Synonyms: mine own\n' >"$T/ans/401.9.txt"
exits fills-gaps 0 ask -a "$T/ans"; is answered-is-not-asked "$(asked 401.9) $(asked 428.0)" "0 1"
plan; printf '401.9\nZZ9\n' >"$T/c"; exits untitled 0 ask --labels "$T/c"; is untitled-not-asked "$(asked ZZ9)" 0
says untitled-is-told "1 codes without a title were not asked"

# ---- dry run ----
plan
exits dry-run 0 kb-build --labels "$T/codes" --ask "$URL" --model tiny --dry-run
is dry-run-asks-nothing "$(wc -l <"$S/log")" 0
is dry-run-shows "$(grep -c '^ICD-9 code: 401.9 Unspecified essential hypertension$' "$T/out") $(grep -c '^--- 401.9: [0-9]* bytes, about [0-9]* tokens$' "$T/out")" "1 1"
is dry-run-total "$(tail -n 1 "$T/out" | grep -c '3 prompts, 0 answered already; to be sent: 3 prompts, [0-9]* bytes, about [0-9]* tokens; .* 6144 tokens')" 1
is dry-run-size "$(sed -n '2,/^--- 428/p' "$T/out" | sed '$d' | head -c -1 | wc -c)" "$(sed -n 's/^--- 401.9: \([0-9]*\) bytes.*/\1/p' "$T/out")"
exits dry-run-of-descriptions 0 kb-build --labels "$T/codes" --kind descriptions --ask "$URL" --model tiny --dry-run
is dry-run-other-prompt "$(grep -c '^Describe' "$T/out")" 3

# ---- what passes: the answer comes in the end, and the whole of it ----
passes() { # STEPS REQUESTS-ABOUT-401.9
    plan "401.9 $1"; exits "passes: $1" 0 ask --in-flight "${3:-4}"
    is "passes, whole: $1" "$(whole) $(asked 401.9)" "True $2"
}
passes "after=0 ok" 2
passes "after-ms=5 after-ms=5 ok" 3
passes "after-date ok" 2
passes "status=500 status=502 status=503 status=408 status=409 ok" 6
passes "text=503 ok" 2
passes "close ok" 2
passes "reset ok" 2
passes "cut-json ok" 2
passes "html ok" 2
passes "wrong-type" 1
passes "chunked" 1
passes "gzip" 1
passes "huge ok" 2
passes "bomb ok" 2
passes "empty-choices ok" 2
passes "null ok" 2
passes "empty ok" 2
passes "array ok" 2
passes "deep ok" 2
passes "refusal ok" 2
passes "sorry ok" 2
passes "filter ok" 2
passes "prose ok" 2
passes "think" 1
passes "length length ok" 3
is more-tokens-when-cut "$(sed -n 's/^401.9 .* \(max_tokens=[0-9]*\) .*/\1/p' "$S/log" | tr '\n' ' ')" "max_tokens=2048 max_tokens=4096 max_tokens=8192 "
passes "null sorry ok" 3
is other-seed-when-useless "$(sed -n 's/^401.9 .* \(seed=[0-9]*\) .*/\1/p' "$S/log" | tr '\n' ' ')" "seed=1 seed=2 seed=3 "
passes "old-params" 3 1
is params-learnt-once "$(asked 428.0) $(asked 486) $(grep '^486 ' "$S/log" | grep -c max_completion_tokens=2048)" "1 1 1"
plan "401.9 slow=9 ok"; exits "passes: slow" 0 ask --timeout 2; is "passes, whole: slow" "$(whole) $(asked 401.9)" "True 2"
plan "401.9 utf8" "428.0 nul"; exits "passes: damaged entries" 0 ask
is damaged-entries-whole "$(whole)" True
says damaged-utf8-is-told "401.9: line [0-9]* of the answer: not UTF-8"; says nul-is-told "428.0: line [0-9]* of the answer: a control character"

plan "401.9 no-opening" "428.0 parts" "486 think"; exits thoughts 0 ask
is thoughts-whole "$(whole) $(asked 401.9) $(asked 428.0)" "True 1 1"
is thoughts-are-no-terms "$(rec-cat --json "$T/k.icds" | grep -c wrong)" 0

plan "* slow=1"; exits in-flight 0 ask --in-flight 3; is three-in-flight "$(grep -q busy=3 "$S/log" && echo yes)" yes
plan "* slow=0.1"; exits one-in-flight 0 ask --in-flight 1
is one-at-a-time "$(grep -c busy=3 "$S/log")" 0 # two may be counted: one is over when the client has it, not the server

# A limit holds for all: after Retry-After nobody asks for that long. So does what the server announces.
gap() { awk 'NR == 1 {first = substr($NF, 4)} {last = substr($NF, 4)} END {print (last - first >= '"$1"')}' "$S/log"; }
plan "401.9 after=1 ok"; exits retry-after 0 ask --in-flight 1; is retry-after-holds "$(gap 0.95)" 1
plan "401.9 limit=0m1s"; exits rate-limit 0 ask --in-flight 1; is rate-limit-holds "$(gap 0.95)" 1
plan; exits rpm 0 ask --rpm 120; is rpm-holds "$(gap 0.6)" 1

# ---- what never comes: told with the code, the rest goes on; only the missing is asked again ----
for step in null sorry prose html unclosed; do
    plan "401.9 $step" "* ok"; exits "never: $step" 0 ask --in-flight 1 --labels <(printf '428.0\n401.9\n486\n')
    says "never, told: $step" "401.9: "
    is "never, counts: $step" "$(asked 401.9) $(asked 428.0) $(grep -c '1 codes got no answer of use' "$T/err")" "3 1 1"
done
better; exits never-later 0 ask
is never-later-only-the-missing "$(whole) $(asked 401.9) $(asked 428.0)" "True 4 1"
for step in null sorry prose html; do
    plan "* $step"; exits "nothing at all: $step" 74 ask --labels <(printf '428.0\n486\n')
    says "nothing at all, told: $step" "none of the 2 codes asked about got an answer of use"
done
seq -f '%g' 480 489 >"$T/many"
plan "* html"; exits nothing-of-use 74 ask --labels "$T/many"; says nothing-of-use-is-told "no JSON (text/html)"

# ---- what ends the run: a clear error, nothing written, the key in no message ----
fatal() { # NAME STEPS WHAT-IT-SAYS
    plan "401.9 $2"; rm -f "$T/k.icds"; exits "fatal: $1" 74 ask --retries 2 --in-flight 1
    says "fatal, told: $1" "$3"
    is "fatal, nothing left: $1" "$(ls -A "$T" | grep -c 'k.icds') $(grep -c sk-zqsecret "$T/err")" "0 0"
}
fatal key "status=401" "HTTP 401: told so: \*\*\*"
for long in 1e300 inf 99999999999; do fatal "wait $long" "after=$long" "it asks to wait for more than a week"; done
fatal "wait a day" "after=86400" "it asks to wait 86400 s"
fatal forbidden "status=403" "HTTP 403"
fatal model "status=404" "HTTP 404"
fatal request "status=422" "HTTP 422"
fatal bad-request "status=400" "HTTP 400"
fatal quota "quota" "quota is used up"
fatal redirect "redirect=302" "points to another place"; is redirect-not-followed "$(grep -c elsewhere "$S/log")" 0
fatal moved "redirect=308" "points to another place"
fatal busy "status=503" "given up after 3 tries: HTTP 503"; is retries-counted "$(asked 401.9)" 3
fatal long-wait "after=86400" "asks to wait 86400 s"
fatal closed "close" "given up after 3 tries"
plan; rm -f "$T/k.icds"; exits nobody-there 74 ask --ask http://127.0.0.1:1/v1 --retries 1; says nobody-there-is-told "given up after 2 tries"
exits cache-nowhere 74 ask --cache "$T/none/cache"
exits cache-is-a-file 74 ask --cache "$T/codes"
for u in ftp://x/v1 x http:// "http://user:sk@x/v1" "http://x/v1?key=1" "http://x/ v1"; do exits "url $u" 64 ask --ask "$u"; done
exits no-model 64 kb-build --ask "$URL" --cache "$T/cache"
exits no-cache 64 kb-build --ask "$URL" --model tiny
exits cache-without-ask 64 kb-build --cache "$T/cache"
exits dry-run-without-ask 64 kb-build --dry-run
exits dry-run-with-output 64 kb-build --dry-run --ask "$URL" --model tiny -o "$T/x"
exits key-with-newline 64 env OPENAI_API_KEY=$'a\nX-Evil: 1' kb-build --ask "$URL" --model tiny --cache "$T/cache" -o "$T/x"
echo 'no place' >"$T/p"; exits prompt-without-code 65 ask --prompt "$T/p"

{ echo '{code} {title}'; head -c 5000 /dev/zero | tr '\0' x; } >"$T/p"; exits prompt-for-a-note 65 ask --prompt "$T/p"
for u in http://localhost.example.invalid/v1 http://127.example.invalid/v1; do
    plan; exits "unencrypted $u" 74 env http_proxy=http://127.0.0.1:1 kb-build --labels "$T/codes" --ask "$u" --model tiny \
        --cache "$T/cache" --retries 0 -o "$T/k.icds" # no look-up of names: the proxy is not there
    says "unencrypted is told $u" "key goes over the network unencrypted"
done

# ---- killed in the middle: the next run asks for the rest only, and writes what a run in one go writes ----
plan "488 slow=5 ok"; printf '%s\n' 480 481 482 486 488 >"$T/many"
ask --labels "$T/many" --in-flight 1 2>/dev/null & pid=$!
for i in $(seq 200); do [ "$(asked 488)" = 1 ] && break; sleep 0.05; done
kill -KILL $pid; wait $pid 2>/dev/null
is killed-kept "$(ls "$T/cache" | wc -l)" 4
better; exits resumed 0 ask --labels "$T/many"
is resumed-asks-the-rest "$(asked 480) $(asked 486) $(asked 488)" "1 1 2"
cp "$T/k.icds" "$T/resumed.icds"; plan; ask --labels "$T/many" 2>/dev/null; same resumed-the-same "$T/resumed.icds" "$T/k.icds"
for f in "$T/cache"/*; do head -c 100 "$f" >"$T/cut"; cp "$T/cut" "$f"; break; done
exits damaged-entry 0 ask --labels "$T/many"; is damaged-entry-asked-again "$(wc -l <"$S/log")" 6
same damaged-entry-the-same "$T/resumed.icds" "$T/k.icds"
exit $failed
