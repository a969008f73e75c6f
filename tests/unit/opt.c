/* Options: parsing, ranges, help, man text, completion, history. */
#include "lib/util/err.h"
#include "lib/util/opt.h"
#include "tests/test.h"

static bool flag, on = true, quiet;
static int64_t number = 5, any;
static double real = 0.5;
static const char *str, *choice = "a", *told = "b", *file, *dir, *output;
static struct opt_list list, files;
static const char *const choices[] = {"a", "b", NULL};
static const struct opt own[] = {
    {"flag", 'f', OPT_FLAG, &flag, NULL, "A flag."},
    {"on", 0, OPT_FLAG, &on, NULL, "On unless told otherwise."},
    {"number", 'n', OPT_INT, &number, "N", "A number.", 1, 10},
    {"any", 0, OPT_INT, &any, "N", "Any number."},
    {"real", 'r', OPT_REAL, &real, "X", "A real - number.", 0, 1},
    {"str", 's', OPT_STR, &str, "S", "A string."},
    {"choice", 'c', OPT_CHOICE, &choice, "C", "A choice.", .choices = choices},
    {"lines", 0, OPT_CHOICE, &told, "C", "A choice told in lines.\na: the - first\nb: the second", .choices = choices},
    {"list", 'l', OPT_LIST, &list, "V", "A list."},
    {"files", 0, OPT_FILES, &files, "FILE", "Files."},
    {.type = OPT_END},
};
static const struct opt common[] = {
    {"in-file", 'i', OPT_FILE, &file, "FILE", "A file."},
    {"in-dir", 'd', OPT_DIR, &dir, "DIR", "A directory."},
    {"output", 'o', OPT_OUT, &output, "FILE", "An output."},
    {"quiet", 'q', OPT_FLAG, &quiet, NULL, "Quiet.", .flags = OPT_QUIET},
    {.type = OPT_END},
};
static const struct opt needed[] = {{"need", 'x', OPT_STR, &str, "S", "Needed.", .flags = OPT_REQUIRED},
                                    {.type = OPT_END}};

static char *words[32];
static int n_words;
static enum opt_asked asked;

static int parse_with(const struct opt *table, const char *line)
{
    static char texts[64][128]; /* values point into them, so each line has its own */
    static int lines;
    char *text = texts[lines++ % 64];
    snprintf(text, sizeof texts[0], "tool %s", line);
    static char empty[1];
    n_words = 0;
    for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
        words[n_words++] = strcmp(w, "EMPTY") ? w : empty;
    words[n_words] = NULL;
    return opt_parse(table, common, &n_words, words, &asked);
}

static int parse(const char *line)
{
    return parse_with(own, line);
}

static bool refuses(const char *line, const char *says)
{
    int rc = parse(line);
    if (rc != E_USAGE || !strstr(err_msg(), says))
        fprintf(stderr, "%s: %d, %s\n", line, rc, err_msg());
    return rc == E_USAGE && strstr(err_msg(), says);
}

static char *printed(enum opt_asked what)
{
    char *p = NULL;
    size_t n = 0;
    const struct opt_doc doc = {"tool", "[OPTION]... [FILE]", "Does things."};
    FILE *f = open_memstream(&p, &n);
    CHECK(opt_print(f, what, &doc, own, common) == 0);
    fclose(f);
    return p;
}

static int set_pair(const char *k, const char *v, void *ctx)
{
    strcat(strcat(strcat(strcat((char *)ctx, k), "<"), v), ">");
    return strcmp(k, "bad") ? 0 : err_set(E_USAGE, "bad");
}

int main(void)
{
    CHECK(parse("one -f --number 7 two --real=0.25 -sabc -cb - -l x --list=y -- -n --quiet") == 0);
    CHECK(flag && number == 7 && real == 0.25 && !strcmp(str, "abc") && !strcmp(choice, "b") && list.n == 2 && !quiet);
    CHECK(n_words == 5 && !strcmp(words[1], "one") && !strcmp(words[2], "two") && !strcmp(words[3], "-") &&
          !strcmp(words[4], "-n") && !strcmp(words[5], "--quiet"));
    CHECK(parse("--no-flag --no-on -qfn3 --any -123456789012") == 0);
    CHECK(flag && !on && quiet && number == 3 && any == -123456789012 && n_words == 0);
    CHECK(parse("-n 1") == 0 && number == 1 && parse("-n 10") == 0 && number == 10 && parse("-r 1") == 0 && real == 1);
    CHECK(parse("-n 3 -r 0.25 -i /a/b/c.txt -d /x/y/ -o /o/p --files /a/b --files=c/d/") == 0 && asked == OPT_NOTHING);
    DONE("what is right is taken");

    json_t *j = opt_resolved(own, common);
    char *t = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(9));
    CHECK(t &&
          !strcmp(t, "{\"flag\":true,\"on\":false,\"number\":3,\"any\":-123456789012,\"real\":0.25,\"str\":\"abc\","
                     "\"choice\":\"b\",\"lines\":\"b\",\"list\":[\"x\",\"y\"],\"files\":[\"b\",\"d\"],"
                     "\"in-file\":\"c.txt\",\"in-dir\":\"y\"}"));
    free(t);
    json_decref(j);
    DONE("resolved options: order, base names, no quiet ones, no outputs");

    CHECK(refuses("--nope", "unknown option --nope") && refuses("-Z", "unknown option -Z"));
    CHECK(refuses("--fla", "unknown option") && refuses("--no-number", "unknown option") &&
          refuses("--no-flag=1", "unknown"));
    CHECK(refuses("-s \xff", "--str: '\xff' is not UTF-8") && refuses("--list=a\xe4", "is not UTF-8"));
    CHECK(refuses("-i a/\xc3", "--in-file: '\xc3' is not UTF-8") && refuses("-d a/\xff/", "--in-dir: '\xff'") &&
          refuses("--files \xff", "is not UTF-8"));
    CHECK(parse("-o \xff -i \xff/a -s \xc3\xa4") == 0);
    CHECK(refuses("--number", "needs a value") && refuses("-n", "needs a value") && refuses("--flag=1", "no value"));
    CHECK(refuses("-n 0", "outside 1 to 10") && refuses("-n 11", "outside") && refuses("-n 3x", "not a whole number"));
    CHECK(refuses("-n EMPTY", "not a whole number") && refuses("--any 99999999999999999999", "not a whole number"));
    CHECK(refuses("-r nan", "finite") && refuses("-r inf", "finite") && refuses("-r 1.01", "outside") &&
          refuses("-r x", "finite"));
    CHECK(refuses("-c z", "not one of a, b") && refuses("-o EMPTY", "empty name") &&
          refuses("-i EMPTY", "empty name") && refuses("--files EMPTY", "empty name"));
    DONE("what is wrong is refused");

    CHECK(parse_with(needed, "-q") == E_USAGE && strstr(err_msg(), "--need S is needed"));
    CHECK(parse_with(needed, "-x 1") == 0);
    CHECK(parse_with(needed, "--help") == 0 && asked == OPT_HELP);
    CHECK(parse("-h") == 0 && asked == OPT_HELP && parse("-V") == 0 && asked == OPT_VERSION);
    CHECK(parse("--help-man") == 0 && asked == OPT_MAN && parse("--help-completion") == 0 && asked == OPT_COMPLETION);
    DONE("needed options, help and version");

    number = 5, on = true;
    char *help = printed(OPT_HELP), *man = printed(OPT_MAN), *words_ = printed(OPT_COMPLETION),
         *v = printed(OPT_VERSION);
    CHECK(strstr(help, "Usage: tool [OPTION]... [FILE]\n") && strstr(help, "  -n, --number N") &&
          strstr(help, "(default: 5)"));
    CHECK(strstr(help, "One of a, b. (default: b)") && strstr(help, "--help"));
    CHECK(strstr(man, ".TP\n\\fB\\-n\\fR, \\fB\\-\\-number\\fR \\fIN\\fR\nA number. (default: 5)\n"));
    CHECK(strstr(man, "A real \\- number.") && !strstr(man, "Usage"));
    CHECK(strstr(help, "  A choice told in lines. (default: b)\n                            a: the - first\n"
                       "                            b: the second\n"));
    CHECK(strstr(man, "\nA choice told in lines. (default: b)\n.br\na: the \\- first\n.br\nb: the second\n.TP\n"));
    CHECK(!strncmp(words_, "_icdpipe_tool()\n", 16) && strstr(words_, " --number -n ") &&
          strstr(words_, " --on --no-on ") && strstr(words_, "\ncomplete -o bashdefault -F _icdpipe_tool tool\n"));
    CHECK(strstr(words_, "--choice|-c) fill=(-W 'a b') ;;\n") && strstr(words_, "--number|-n) return ;;\n") &&
          strstr(words_, "--in-dir|-d) fill=(-d) ;;\n") && strstr(words_, "--files) fill=(-f) ;;\n"));
    CHECK(strstr(v, "tool (icdpipe) "));
    for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n"))
        CHECK(strlen(line) <= 100);
    free(help);
    free(man);
    free(words_);
    free(v);
    DONE("help, man text, completion");

    char got[64] = "";
    CHECK(opt_pairs("a=1,b=x=y", set_pair, got) == 0 && !strcmp(got, "a<1>b<x=y>"));
    CHECK(opt_pairs("a", set_pair, got) == E_USAGE && opt_pairs("=1", set_pair, got) == E_USAGE);
    CHECK(opt_pairs("bad=1,c=2", set_pair, got) == E_USAGE && !strstr(got, "c<2>") &&
          opt_pairs("", set_pair, got) == 0);
    DONE("pairs");
    free(list.v);
    free(files.v);
    TEST_EXIT();
}
