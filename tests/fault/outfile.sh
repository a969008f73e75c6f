#!/usr/bin/env bash
# What becomes of output files: whose they are, under which names they can be had, what a killed run leaves, pipes that do
# not block, and that no core file is written. The library's part, name by name: tests/unit/file.c.
. "$(dirname "$0")/table"
cd "$T" || exit 1
cp "$V/note.icds" "$V/gold.icds" "$V/kb.icds" "$V/spiece.model" .
whole=$(md5sum <note.icds)

for mask in 000 027 077; do
    (umask $mask; rec-cat --stream -o new-$mask note.icds); is "a new file, umask $mask" "$(stat -c %a new-$mask)" 600
done
for mode in 664 640 444; do
    echo old >kept; chmod $mode kept; rec-cat --stream -o kept note.icds 2>err; rc=$?
    if [ $mode = 444 ] && [ "$(id -u)" != 0 ]; then
        is "a file that may not be written" "$rc $(cat kept)" "74 old"
    else
        is "a file of mode $mode stays so" "$rc $(stat -c %a kept) $(md5sum <kept)" "0 $mode $whole"
    fi
    chmod 600 kept
done
ln -s nothing dangling; ln -s loop loop; long=$(printf 'n%.0s' {1..250}).icds
exits "a link to nothing" 0 rec-cat --stream -o dangling note.icds
is "what it names is there, and the link is one" "$(readlink dangling) $(md5sum <nothing)" "nothing $whole"
exits "a link to itself" 74 rec-cat --stream -o loop note.icds
is "that is said" "$(cat err)" "rec-cat: loop: Too many levels of symbolic links"
exits "a name of 255 bytes" 0 rec-cat --stream -o "$long" note.icds
is "it is there" "$(md5sum <"$long")" "$whole"
exits "a name of 256 bytes" 74 rec-cat --stream -o "n$long" note.icds
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then user="setpriv --reuid 65534 --regid 65534 --clear-groups"; else user=; fi
mkdir shut; echo old >shut/x; chmod 666 shut/x note.icds; chmod 555 shut; chmod 755 .
exits "a folder that may not be written" 74 $user rec-cat --stream -o shut/x note.icds
is "that is said" "$(cat err)" "rec-cat: shut/x: no file can be made in its folder, where it is written under another name first: Permission denied"
is "nothing else is there" "$(find . -name '.*-part.*')" ""

# Killed while it writes: the next run that writes the same file clears up, one that lives is left alone.
mkdir left; mkfifo -m 666 slow
for i in 1 2 3; do
    rec-cat --from-json --schema note -o left/x <slow & victim=$!
    exec 7>slow; echo '{"id":"1","text":"a"}' >&7
    until [ -n "$(find left -name '.x-part.*')" ]; do sleep 0.02; done
    kill -9 $victim; wait $victim 2>/dev/null; exec 7>&-
    is "kill -9, $i: what it leaves" "$(find left -type f | wc -l)" 1
    exits "another file, $i" 0 rec-cat --stream -o left/y note.icds; rm left/y
    is "another file, $i: no business of its" "$(find left -type f | wc -l)" 1
    exits "the same file, $i" 0 rec-cat --stream -o left/x note.icds
    is "the same file, $i: cleared" "$(ls -A left)" x
    rm left/x
done
rec-cat --from-json --schema note -o left/x <slow & alive=$!
exec 7>slow; echo '{"id":"1","text":"a"}' >&7
until [ -n "$(find left -name '.x-part.*')" ]; do sleep 0.02; done
exits "beside one that lives" 0 rec-cat --stream -o left/x note.icds
is "beside one that lives: both" "$(ls -A left | wc -l)" 2
exec 7>&-; wait $alive; is "it ends well, and the last has the name" "$? $(ls -A left) $(rec-cat --check left/x | grep -o '[0-9]* records')" "0 x 1 records"

# A pipe that does not block, both ways.
python3 - "$BIN/rec-cat" note.icds <<'PY' >pipes 2>&1
import fcntl, os, subprocess, sys, threading, time
tool, name = sys.argv[1:]
data = open(name, "rb").read()
def nonblocking(fd): fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
r, w = os.pipe(); nonblocking(w)
p = subprocess.Popen([tool, "--stream", name], stdout=w); os.close(w)
got = b""
while True:
    some = os.read(r, 4096)
    if not some: break
    got += some; time.sleep(0.0005)
print("written", p.wait(), got == data)
for args in (["--stream"], ["--stream", "/dev/stdin"]):
    r, w = os.pipe(); nonblocking(r)
    p = subprocess.Popen([tool] + args, stdin=r, stdout=subprocess.PIPE); os.close(r)
    def feed():
        for i in range(0, len(data), 30000): os.write(w, data[i:i + 30000]); time.sleep(0.002)
        os.close(w)
    t = threading.Thread(target=feed); t.start()
    got = p.stdout.read(); t.join()
    print("read", p.wait(), got == data)
r, w = os.pipe(); nonblocking(r)
lines = b"".join(b'{"id":"%d","text":"x"}\n' % i for i in range(1000))
p = subprocess.Popen([tool, "--from-json", "--schema", "note"], stdin=r, stdout=subprocess.PIPE); os.close(r)
def feed_lines():
    for i in range(0, len(lines), 5000): os.write(w, lines[i:i + 5000]); time.sleep(0.002)
    os.close(w)
t = threading.Thread(target=feed_lines); t.start(); out = p.stdout.read(); t.join()
print("lines", p.wait(), len(out) > 1000)
PY
is "pipes that do not block" "$(paste -sd' ' pipes)" "written 0 True read 0 True read 0 True lines 0 True"

# No core file: the limit is 0 and the process says it is not to be dumped, where the system would take a core.
rec-cat --from-json --schema note -o core-x <slow & p=$!
exec 7>slow
until [ -n "$(find . -maxdepth 1 -name '.core-x-part.*')" ] || ! kill -0 $p; do echo '{"id":"1","text":"a"}' >&7; sleep 0.02; done
is "no core file" "$(awk '/core file size/ { print $5, $6 }' /proc/$p/limits)" "0 0"
exec 7>&-; wait $p
if [ -n "$user" ] || [ "$(id -u)" != 0 ]; then
    $user rec-cat --check <slow >/dev/null 2>&1 & p=$!
    exec 7>slow
    until grep -q '^Max core file size  *0  *0 ' /proc/$p/limits || ! kill -0 $p; do sleep 0.02; done
    is "no other process of the user can look" "$(stat -c %U /proc/$p/mem)" root
    exec 7>&-; wait $p
fi
ASAN_OPTIONS=disable_coredump=0 ICDPIPE_CORE=1 bash -c 'ulimit -c 4096; exec rec-cat --from-json --schema note -o core-x' <slow & p=$!
exec 7>slow
until [ -n "$(find . -maxdepth 1 -name '.core-x-part.*')" ] || ! kill -0 $p; do echo '{"id":"1","text":"a"}' >&7; sleep 0.02; done
is "ICDPIPE_CORE=1" "$(awk '/core file size/ { print ($5 > 0) }' /proc/$p/limits)" 1
exec 7>&-; wait $p

# The report is there only when the stream is.
(trap '' XFSZ; ulimit -f 1; kb-build -q --report report.json -o k.icds) 2>err; is "a full disk" $? 74
is "a full disk: no report either" "$(ls -A | grep -c 'report\|k\.icds')" 0
(trap '' XFSZ; ulimit -f 1; mimic-split -q --splits "$V/mimic3/splits" --gold g --report report.json -o n "$V/mimic3") 2>err
is "a full disk: no labels either" "$? $(ls -A | grep -c '^\.\?[gn]$\|report\|part')" "74 0"
exit $failed
