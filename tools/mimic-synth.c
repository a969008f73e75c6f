/* mimic-synth: writes a synthetic MIMIC-III v1.4 directory. The work is done in lib/ingest/synth*.c.
 * It reads and writes no stream, so it has a main of its own. Tests: tests/cli/mimic-synth.sh. */
#include "lib/ingest/synth.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/opt.h"
#include "lib/util/process.h"
#include "lib/util/progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int64_t admissions = 2000, seed = 1, threads = 1;
static double length = 1500;
static bool quiet;

static const struct opt opts[] = {
    {.name = "admissions", .letter = 'n', .type = OPT_INT, .value = &admissions, .arg = "N", .min = 1, .max = 10000000,
     .help = "Number of admissions."},
    {.name = "seed", .letter = 's', .type = OPT_INT, .value = &seed, .arg = "S", .min = 0, .max = 9007199254740992.,
     .help = "Another seed makes another hospital. The same seed makes the same bytes."},
    {.name = "length", .letter = 'l', .type = OPT_REAL, .value = &length, .arg = "X", .min = 50, .max = 20000,
     .help = "Mean number of words of a discharge summary. Headings and evidence alone take about 250."},
    {.name = "threads", .letter = 'j', .type = OPT_INT, .value = &threads, .arg = "N", .min = 1, .max = 256,
     .help = "Threads. The bytes do not depend on them.", .flags = OPT_QUIET},
    {.name = "quiet", .letter = 'q', .type = OPT_FLAG, .value = &quiet, .help = "No progress and no summary.",
     .flags = OPT_QUIET},
    {.type = OPT_END},
};
static const struct opt_doc doc = {"mimic-synth", "[OPTION]... DIR",
                                   "write a synthetic MIMIC-III v1.4 directory with planted codes"};

static void show(void *ctx, uint64_t done)
{
    progress_show(ctx, done, NULL);
}
static int fail(int code)
{
    fprintf(stderr, "%s: %s\n", doc.tool, err_msg());
    return code;
}

int main(int argc, char **argv)
{
    enum opt_asked asked;
    process_start();
    int rc = opt_parse(opts, NULL, &argc, argv, &asked);
    if (rc)
        return fail(rc);
    if (asked) {
        rc = opt_print(stdout, asked, &doc, opts, NULL);
        if (!rc && fclose(stdout))
            rc = err_set(E_IO, "standard output: write failed");
        return rc ? fail(rc) : 0;
    }
    if (argc != 1)
        return fail(err_set(E_USAGE, "one directory is needed (see --help)"));

    umask(077);
    struct progress p;
    struct synth_counts n;
    progress_start(&p, doc.tool, "admissions", (uint64_t)admissions, quiet);
    rc = synth_run(&(struct synth_opts){admissions, (uint64_t)seed, length, (int)threads, argv[1], show, &p}, &n);
    progress_end(&p);
    if (rc)
        return fail(rc);
    if (!quiet)
        fprintf(stderr,
                "%s: %" PRIu64 " train, %" PRIu64 " dev, %" PRIu64 " test admissions (%" PRIu64 ", %" PRIu64
                ", %" PRIu64 " with one of the 50 codes; %" PRIu64 " without any code); %" PRIu64 " notes, %" PRIu64
                " diagnosis and %" PRIu64 " procedure rows, %" PRIu64 " mentions of evidence\n",
                doc.tool, n.in_split[0], n.in_split[1], n.in_split[2], n.in_50[0], n.in_50[1], n.in_50[2], n.uncoded,
                n.notes, n.diagnoses, n.procedures, n.evidence);
    return 0;
}
