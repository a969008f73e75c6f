"""Fails allocations of one call of a tool, one a run, and judges each run: alloc.py SHIM WORK NAME EVERY|COUNT... -- COMMAND...

The command runs in the present folder; OUT in it is an empty folder of its own. A run in which one allocation failed is right when
  it exits with 71, says so in one line, and leaves no file, or
  it exits with 0 and everything it wrote is what it writes otherwise: who asked could do without.
FOREIGN names the libraries that end the program themselves when they get no memory, and how: then only the rest holds.
"""
import hashlib, os, shutil, signal, subprocess, sys

FOREIGN = {}


def tree(folder):
    """What is below a folder: {path: digest}."""
    found = {}
    for at, _, files in os.walk(folder):
        for f in files:
            path = os.path.join(at, f)
            with open(path, "rb") as open_file:
                found[os.path.relpath(path, folder)] = hashlib.md5(open_file.read()).hexdigest()
    return found


class Calls:
    def __init__(self, shim, work, command):
        self.out, self.told = os.path.join(work, "out"), os.path.join(work, "told")
        self.command = [a.replace("OUT", self.out) for a in command]
        self.env = dict(os.environ, LD_PRELOAD=shim, ALLOC_TOLD=self.told, OMP_NUM_THREADS="1", GOMP_SPINCOUNT="2000")

    def run(self, fail, paths=False):
        shutil.rmtree(self.out, ignore_errors=True)
        os.mkdir(self.out)
        if os.path.exists(self.told):
            os.unlink(self.told)
        p = subprocess.run(self.command, env=dict(self.env, ALLOC_FAIL=str(fail), **({"ALLOC_PATHS": "1"} if paths else {})),
                           stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        with open(self.told) as f:
            lines = f.read().splitlines()
        self.count = int(lines[-1].split()[1]) if lines and lines[-1].startswith("count ") else None
        self.paths = [tuple(map(int, x.split()[1:])) for x in lines if x.startswith("path ")]
        self.stack = lines[0] if lines and lines[0].split()[0] not in ("count", "path") else ""
        return p


def why_wrong(c, p, wanted, wanted_tree):
    """None when the run is right, else what is wrong."""
    left, err = tree(c.out), p.stderr.decode(errors="replace")
    if p.returncode == 0:
        if p.stdout != wanted.stdout:
            return "exit 0 with another standard output"
        if left != wanted_tree:
            return "exit 0 with other files"
        return None
    if left:
        return "exit %d leaves %s" % (p.returncode, " ".join(sorted(left)[:3]))
    if p.returncode == 71:
        if "memory" in err.rstrip("\n").rsplit("\n", 1)[-1]: # warnings may stand before
            return None
        return "exit 71 says: " + err.strip()[-200:]
    return "exit %d: %s" % (p.returncode, err.strip().replace("\n", " ")[-160:])


def main():
    shim, work, name, pick = sys.argv[1:5]
    at = sys.argv.index("--")
    c = Calls(shim, work, sys.argv[at + 1:])
    wanted = c.run(0, pick != "all")
    if wanted.returncode:
        print("not ok %s: exit %d without a failure: %s" % (name, wanted.returncode, wanted.stderr.decode()[:300]))
        return 1
    total, wanted_tree = c.count, tree(c.out)
    if pick == "all":
        numbers = range(1, total + 1)
    else:
        numbers = sorted({n for path in c.paths for n in path})
    if pick.isdigit() and int(pick) < len(numbers):
        numbers = [numbers[i * len(numbers) // int(pick)] for i in range(int(pick))]
    n = len(numbers)
    if os.environ.get("COUNT_ONLY"): print(name, total, n); return 0
    refused = tolerated = 0
    bad, suffix = {}, "+" if "--sticky" in sys.argv[:at] else ""
    for k in numbers:
        p = c.run(str(k) + suffix)
        why = why_wrong(c, p, wanted, wanted_tree)
        if why:
            bad.setdefault((why, c.stack), []).append(k)
        elif p.returncode:
            refused += 1
        else:
            tolerated += 1
    said = "%d of %d allocations failed in turn: %d exit 71, %d did without" % (n, total, refused, tolerated)
    if not bad:
        print("ok %s: %s" % (name, said))
        return 0
    print("not ok %s: %s, %d wrong" % (name, said, sum(map(len, bad.values()))))
    for (why, stack), ks in sorted(bad.items(), key=lambda x: -len(x[1])):
        print("#   %d times (%s): %s [%s]" % (len(ks), ",".join(map(str, ks[:4])), why, stack))
    return 1


sys.exit(main())
