"""Fails allocations of one call of a tool, one a run, and judges each run: alloc.py SHIM WORK NAME HOW_MANY|all -- COMMAND...

The command runs in the present folder; OUT in it is an empty folder of its own. First it runs with nothing failing, and the shim
(alloc.c) tells at which allocations each stack of calls is met first and last; these are the ones to fail. A run with a
failure is right when
  it exits with 71, its last message says so, and it leaves no file (a checkpoint, answers in a cache and a whole model may stay), or
  it exits with 0 and everything it wrote is what it writes otherwise: who asked could do without.
"""
import hashlib, os, re, shutil, subprocess, sys

# Libraries that crash where they get no memory, so that no message can be asked for; the rest can.
CRASHES = {
    "liblinear.so.4": (-11,),  # uses what malloc returned as it is
    "libdnnl.so.2": (-11, -6),  # likewise
    "libarchive.so.13": (-11,),  # __archive_write_allocate_filter() does
}


def tree(folder):
    """What is below a folder: {path: digest}, but for the dates in a cache of answers."""
    found = {}
    for at, _, files in os.walk(folder):
        for f in files:
            path = os.path.join(at, f)
            with open(path, "rb") as open_file:
                text = re.sub(rb'"date": "[^"]*"', b"", open_file.read())
            found[os.path.relpath(path, folder)] = hashlib.md5(text).hexdigest()
    return found


class Calls:
    def __init__(self, shim, work, command):
        self.out, self.told = os.path.join(work, "out"), os.path.join(work, "told")
        self.command = [a.replace("OUT", self.out) for a in command]
        # icd-train and icd-infer start themselves again where GOMP_SPINCOUNT is not set
        self.env = dict(os.environ, LD_PRELOAD=shim, ALLOC_TOLD=self.told, OMP_NUM_THREADS="1", GOMP_SPINCOUNT="2000")
        os.makedirs(work, exist_ok=True)

    def run(self, fail, **env):
        shutil.rmtree(self.out, ignore_errors=True)
        os.mkdir(self.out)
        open(self.told, "w").close()
        p = subprocess.run(self.command, env=dict(self.env, ALLOC_FAIL=str(fail), **env), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        with open(self.told) as f:
            lines = [line.split() for line in f]
        self.paths = sorted({int(n) for line in lines if line[0] == "path" for n in line[1:]})
        self.stack = [line for line in lines if line[0] not in ("path", "count")]
        self.stack = self.stack[0] if self.stack else []
        return p


def whole_model(left, wanted):
    """The files of a model directory in which nothing is missing or different, and of its log nothing."""
    model = {f: d for f, d in left.items() if f.startswith("model/")}
    return model == left and model == {f: d for f, d in wanted.items() if f.startswith("model/")}


def why_wrong(c, p, wanted, wanted_tree):
    """None when the run is right, else what is wrong."""
    left, err = tree(c.out), p.stderr.decode(errors="replace").rstrip("\n")
    if p.returncode == 0:
        if p.stdout != wanted.stdout:
            return "exit 0 with another standard output"
        return None if left == wanted_tree else "exit 0 with other files"
    # what is meant to outlive a run that fails: a checkpoint, answers that were paid for
    left = {f: d for f, d in left.items() if not f.startswith("model/checkpoint/")}
    left = {f: d for f, d in left.items() if not (f.startswith("cache/") and d == wanted_tree.get(f))}
    crashed = c.stack and p.returncode in CRASHES.get(c.stack[0], ())
    if crashed:  # no program of ours runs then to remove its temporary files
        left = {f: d for f, d in left.items() if not os.path.basename(f).startswith(".")}
    if left and not whole_model(left, wanted_tree):
        return "exit %d leaves %s" % (p.returncode, " ".join(sorted(left)[:3]))
    if p.returncode == 71 and "memory" in err.rsplit("\n", 1)[-1]:
        return None
    if crashed:
        return None
    return "exit %d: %s" % (p.returncode, err.replace("\n", " ")[-160:])


def main():
    shim, work, name, pick, dashes = sys.argv[1:6]
    assert dashes == "--"
    c = Calls(shim, work, sys.argv[6:])
    wanted = c.run(0, ALLOC_PATHS="1")
    if wanted.returncode:
        print("not ok %s: exit %d without a failure: %s" % (name, wanted.returncode, wanted.stderr.decode()[:300]))
        return 1
    numbers, wanted_tree = c.paths, tree(c.out)
    all_of_them = len(numbers)
    if pick != "all" and int(pick) < all_of_them:
        numbers = [numbers[i * all_of_them // int(pick)] for i in range(int(pick))]
    refused = crashed = without = 0
    bad = {}
    for i, k in enumerate(numbers):
        p = c.run("%d%s" % (k, "+" if i % 4 == 3 else ""))  # now and then none after it succeeds either
        why = why_wrong(c, p, wanted, wanted_tree)
        refused += p.returncode == 71
        without += p.returncode == 0
        crashed += p.returncode < 0
        if why:
            bad.setdefault((why, " ".join(c.stack)), []).append(k)
    said = "%d of %d allocations failed in turn: %d exit 71, %d did without, %d crashed in a library" % (
        len(numbers), all_of_them, refused, without, crashed)
    if not bad:
        print("ok %s: %s" % (name, said))
        return 0
    print("not ok %s: %s, %d wrong" % (name, said, sum(map(len, bad.values()))))
    for (why, stack), at in sorted(bad.items(), key=lambda x: -len(x[1])):
        print("#   %d times (%s): %s [%s]" % (len(at), ", ".join(map(str, at[:4])), why, stack))
    return 1


sys.exit(main())
