/* lib/text/spm and lib/text/encode: ids equal to Debian's spm_encode, offsets into the raw text, truncation, decoding.
 * The vocabularies are trained here, from tests/golden/notes.txt: a unigram one like T5's (nmt_nfkc, no byte
 * fallback) and a BPE one like LLaMA's (identity normaliser, byte fallback). */
#include "lib/text/encode.h"

#include <pthread.h>
#include <unistd.h>

#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/rng.h"
#include "tests/test.h"

static char dir[] = "/tmp/icdpipe-test.XXXXXX";
static char path[512], cmd[2048];

static const char *in_dir(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* Texts that normalisation changes: ligature, full width, combining accent, tabs, newlines, runs of blanks, NBSP,
 * soft hyphen, zero-width space, emoji, braces, an invalid byte's replacement, NUL inside. */
static const char *const odd[] = {
    "", " ", "\n\n\t ", "acute renal failure", "  leading and trailing   ", "a\tb\nc\r\nd",
    "The \xef\xac\x81rst \xef\xac\x82ow",
    "\xef\xbc\xa8\xef\xbc\xb4\xef\xbc\xae \xef\xbc\x94\xef\xbc\x90\xef\xbc\x91\xef\xbc\x8e\xef\xbc\x99",
    "caf\x65\xcc\x81 na\xc3\xafve",
    "blood\xc2\xa0pressure", "hyper\xc2\xadtension", "chest\xe2\x80\x8bpain",
    "\xf0\x9f\x98\x80\xf0\x9f\x98\x80 fine {x} <y> ~z",
    "\xef\xbf\xbd", "\xe2\x85\xa3 \xc2\xbd \xe2\x84\x83", "[**2151-7-16**]  </s> <unk> <pad>", "401.9, 428.0",
    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x82\xab\xe3\x82\x99", "x", "\xc2\xa0x\xe3\x80\x80y",
};
enum { N_ODD = sizeof odd / sizeof *odd };

static bool blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c < 0x80 && c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != 0)
            return false;
    }
    return true;
}

/* Ranges ascend, stay inside, and what lies between them is no visible ASCII. */
static bool offsets_sane(const struct spm_ids *v, const char *text, size_t n)
{
    uint32_t at = 0;
    for (size_t i = 0; i < v->n; i++) {
        uint32_t b = v->offset[2 * i], e = v->offset[2 * i + 1];
        if (b < at || e < b || e > n || !blank(text + at, b - at))
            return false;
        if ((b < n && (text[b] & 0xc0) == 0x80) || (e < n && (text[e] & 0xc0) == 0x80))
            return false; /* inside a character */
        at = e;
    }
    return blank(text + at, n - at);
}

static void test_odd(const struct spm *s, const char *name)
{
    char label[80];
    struct spm_ids v = {0};
    struct buf b = {0};
    for (int i = 0; i < N_ODD; i++) {
        size_t n = strlen(odd[i]), count = 0;
        v.n = 0;
        CHECK(spm_encode(s, odd[i], n, 0, &v) == 0);
        CHECK(spm_count(s, odd[i], n, &count) == 0 && count == v.n);
        CHECK(offsets_sane(&v, odd[i], n));
        b.n = 0;
        CHECK(spm_decode(s, v.id, v.n, &b) == 0);
    }
    v.n = 0;
    CHECK(spm_encode(s, "a\0b", 3, 0, &v) == 0 && offsets_sane(&v, "a\0b", 3));
    v.n = 0; /* a byte that is no UTF-8 */
    CHECK(spm_encode(s, "a\xff" "b", 3, 0, &v) == 0 && v.n > 0 && v.offset[2 * v.n - 1] <= 3);
    snprintf(label, sizeof label, "odd texts, %s", name);
    DONE(label);
    spm_ids_free(&v);
    buf_free(&b);
}

/* Line by line the ids of spm_encode, and decoding gives the normalised text. */
static void test_file(const struct spm *s, const char *model, const char *file, const char *label, bool spaces_kept)
{
    snprintf(cmd, sizeof cmd, "cd %s && spm_encode --model=%s --output_format=id <'%s' >ids.txt", dir, model, file);
    CHECK(system(cmd) == 0);
    FILE *want = fopen(in_dir("ids.txt"), "r"), *text = fopen(file, "r");
    char *line = NULL, *ids = NULL;
    size_t cap = 0, cap2 = 0;
    ssize_t n;
    int lines = 0;
    struct spm_ids v = {0};
    struct buf got = {0}, plain = {0};
    while (want && text && (n = getline(&line, &cap, text)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = 0;
        CHECK(getline(&ids, &cap2, want) > 0);
        v.n = got.n = plain.n = 0;
        CHECK(spm_encode(s, line, (size_t)n, 0, &v) == 0 && offsets_sane(&v, line, (size_t)n));
        for (size_t i = 0; i < v.n; i++)
            CHECK(buf_fmt(&got, i ? " %d" : "%d", v.id[i]) == 0);
        ids[strcspn(ids, "\n")] = 0;
        CHECK(got.n == strlen(ids) && (got.n == 0 || memcmp(got.p, ids, got.n) == 0));
        CHECK(spm_decode(s, v.id, v.n, &plain) == 0);
        if (spaces_kept)
            CHECK(plain.n == (size_t)n && memcmp(plain.p, line, plain.n) == 0);
        lines++;
    }
    CHECK(lines > 0);
    DONE(label);
    spm_ids_free(&v);
    buf_free(&got);
    buf_free(&plain);
    free(line);
    free(ids);
    if (want)
        fclose(want);
    if (text)
        fclose(text);
}

/* Odd texts and lines of the notes in turn, so that there is a place between two words every now and then. */
static int mixed(struct rng *r, char *const *line, size_t lines, struct buf *out)
{
    static const char *const gap[] = {" ", "\n", "  ", " \t ", "\n\n", ""};
    out->n = 0;
    while (out->n < 4000) {
        TRY(buf_str(out, odd[rng_below(r, N_ODD)]));
        TRY(buf_str(out, gap[rng_below(r, sizeof gap / sizeof *gap)]));
        const char *words = line[rng_below(r, lines)];
        TRY(buf_add(out, words, strnlen(words, 20 + rng_below(r, 60))));
        TRY(buf_str(out, " seen by him on one day"));
        TRY(buf_str(out, gap[rng_below(r, sizeof gap / sizeof *gap)]));
    }
    return 0;
}

/* Equal but for ties: "I" "II" and "II" "I" have the same score but for the last bits of a float sum over the text
 * before. So between two common borders there are the same pieces in some order. */
static bool same_ids(const struct spm_ids *a, const struct spm_ids *b)
{
    int64_t sum = 0, squares = 0;
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        int64_t x = a->id[i], y = b->id[i];
        if (sum == 0 && squares == 0 && a->offset[2 * i] != b->offset[2 * i])
            return false;
        sum += x - y;
        squares += x * x - y * y;
        if (a->offset[2 * i + 1] == b->offset[2 * i + 1] && (sum || squares))
            return false;
    }
    return sum == 0 && squares == 0;
}

/* A text in windows has the ids and offsets of the whole, whatever the vocabulary does with blanks and borders. */
static void test_windows(const char *notes)
{
    static const struct {
        const char *name, *how;
        bool words; /* its pieces are of one word each */
    } kind[] = {
        {"uni", "", true},
        {"fold", "--normalization_rule_name=nmt_nfkc_cf", true},
        {"suffix", "--treat_whitespace_as_suffix", true},
        {"kept", "--remove_extra_whitespaces=false --add_dummy_prefix=false --normalization_rule_name=identity", true},
        {"user", "--user_defined_symbols='alpha,renal,<x>,{' --byte_fallback", true},
        {"bpe", "--model_type=bpe", true},
        {"bytes", "--model_type=bpe --byte_fallback --split_digits --normalization_rule_name=identity "
                  "--remove_extra_whitespaces=false", true},
        {"runs", "--model_type=bpe --allow_whitespace_only_pieces --remove_extra_whitespaces=false", true},
        {"char", "--model_type=char", true},
        {"across", "--split_by_whitespace=false", false},
    };
    char *text = NULL, *line[400];
    size_t n, lines = 0;
    struct rng r = rng_new(11, 0);
    struct buf b = {0};
    struct spm_ids whole = {0}, v = {0};
    CHECK(file_read(notes, 1 << 24, &text, &n) == 0);
    for (char *p = text; p && *p && lines < 400; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
        line[lines++] = p;
    for (size_t i = 0; i < lines; i++)
        *strchrnul(line[i], '\n') = 0;
    for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
        struct spm *s;
        int met = 0, differ = 0;
        snprintf(cmd, sizeof cmd,
                 "cd %s && spm_train --input='%s' --model_prefix=%s --vocab_size=700 --hard_vocab_limit=false "
                 "--pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 %s 2>log", dir, notes, kind[k].name, kind[k].how);
        CHECK(system(cmd) == 0);
        char model[16];
        snprintf(model, sizeof model, "%s.model", kind[k].name);
        CHECK(spm_open(&s, in_dir(model)) == 0 && s);
        for (int round = 0; s && round < 40; round++) {
            size_t window = 200 + rng_below(&r, 600), count, done;
            CHECK(mixed(&r, line, lines, &b) == 0);
            whole.n = v.n = 0;
            CHECK(spm_encode(s, b.p, b.n, 7, &whole) == 0);
            CHECK(spm_encode_some(s, b.p, b.n, 7, window, SIZE_MAX, &v, &count, &done) == 0);
            CHECK(count == v.n && done == b.n);
            CHECK(spm_encode_some(s, b.p, b.n, 7, window, SIZE_MAX, NULL, &count, &done) == 0 && count == v.n);
            differ += !same_ids(&whole, &v);
            met += (int)(b.n / window);
            /* it stops soon behind what is enough, with the same ids so far */
            v.n = 0;
            CHECK(spm_encode_some(s, b.p, b.n, 7, window, 50, &v, &count, &done) == 0);
            CHECK(count == v.n && count > 50 && done < b.n && done <= 60 * 40 + window);
            whole.n = v.n < whole.n ? v.n : 0;
            CHECK(!kind[k].words || same_ids(&whole, &v));
        }
        if (kind[k].words ? differ : met < 100)
            fprintf(stderr, "%s: %d of 40 texts differ\n", kind[k].name, differ);
        CHECK(met > 100 && (!kind[k].words || !differ));
        spm_close(s);
    }
    /* a text without any place to cut: every byte is in an id, once */
    struct spm *s;
    CHECK(spm_open(&s, in_dir("uni.model")) == 0 && s);
    b.n = v.n = 0;
    for (int i = 0; i < 3000; i++)
        CHECK(buf_str(&b, i % 7 ? "e" : "\xc3\xa9") == 0);
    size_t count, done;
    CHECK(spm_encode_some(s, b.p, b.n, 0, 256, SIZE_MAX, &v, &count, &done) == 0 && done == b.n);
    CHECK(v.n > 10 && offsets_sane(&v, b.p, b.n) && v.offset[0] == 0 && v.offset[2 * v.n - 1] == b.n);
    for (size_t i = 1; i < v.n; i++)
        CHECK(v.offset[2 * i] == v.offset[2 * i - 1]);
    spm_close(s);
    spm_ids_free(&whole);
    spm_ids_free(&v);
    buf_free(&b);
    free(text);
    DONE("ids in windows are those of the whole");
}

static void test_encode(const struct spm *s)
{
    const char *text = "acute renal failure. He denies chest pain. Atrial fibrillation";
    size_t n = strlen(text), full, a = 0, b = 0;
    struct spm_ids v = {0}, w = {0};
    struct prompt prompt = {0};
    int64_t span[4] = {0, 20, 43, 62}, bad[2] = {0, 63}, back[2] = {5, 4};
    int32_t eos = spm_info(s)->eos;

    CHECK(encode_note(s, NULL, text, n, NULL, 0, 0, &v, &full, NULL) == 0);
    CHECK(full == v.n && v.id[v.n - 1] == eos && v.offset[2 * v.n - 2] == n && v.offset[2 * v.n - 1] == n);
    CHECK(encode_note(s, NULL, text, n, NULL, 0, full, &w, &full, NULL) == 0 && w.n == v.n);
    CHECK(encode_note(s, NULL, text, n, NULL, 0, 5, &w, &full, NULL) == 0 && w.n == 5 && full == v.n);
    CHECK(w.id[4] == eos &&
          memcmp(w.id, v.id, 4 * sizeof *w.id) == 0);
    CHECK(encode_note(s, NULL, text, n, NULL, 0, 1, &w, &full, NULL) == 0 && w.n == 1 && w.id[0] == eos);
    DONE("whole text, eos, truncation");

    CHECK(spm_count(s, text, 20, &a) == 0 && spm_count(s, text + 43, 19, &b) == 0);
    CHECK(encode_note(s, NULL, text, n, span, 2, 0, &v, &full, NULL) == 0 && v.n == a + b + 1);
    CHECK(v.offset[2 * a] >= 43 && v.offset[2 * (a + b) - 1] == 62 && v.offset[2 * (a + b)] == 62);
    w.n = 0;
    CHECK(spm_encode(s, text + 43, 19, 43, &w) == 0 && w.n == b);
    CHECK(memcmp(w.id, v.id + a, b * sizeof *w.id) == 0 &&
          memcmp(w.offset, v.offset + 2 * a, 2 * b * sizeof *w.offset) == 0);
    DONE("spans are segments and their counts add");

    int64_t early[2] = {0, 20}; /* eos stands at the end of the last span, not of the text */
    CHECK(encode_note(s, NULL, text, n, early, 1, 0, &v, &full, NULL) == 0 && v.offset[2 * v.n - 2] == 20 &&
          v.offset[2 * v.n - 1] == 20);
    DONE("eos stands behind the last span");

    struct buf list = {0};
    static const char template[] = "Assign codes: {note} out of {labels} now\n";
    CHECK(buf_str(&list, "401.9, 428.0") == 0 && prompt_make(&prompt, s, template, strlen(template), &list) == 0);
    const struct spm_ids *x = &prompt.before, *y = &prompt.after;
    CHECK(x->n > 0 && y->n > 0);
    CHECK(encode_note(s, &prompt, text, n, span, 2, 0, &v, &full, NULL) == 0 && v.n == x->n + a + b + y->n + 1 &&
          full == v.n);
    CHECK(v.offset[0] == 0 && v.offset[2 * x->n - 1] == 0 && memcmp(v.id, x->id, x->n * sizeof *v.id) == 0);
    CHECK(memcmp(v.id + x->n + a + b, y->id, y->n * sizeof *v.id) == 0 && v.offset[2 * (v.n - 2)] == 62);
    CHECK(encode_note(s, &prompt, text, n, span, 2, full - 3, &w, &full, NULL) == 0 && w.n == v.n - 3 && full == v.n);
    CHECK(memcmp(w.id, v.id, (x->n + a + b - 3) * sizeof *v.id) == 0); /* the note is cut, not what surrounds it */
    CHECK(memcmp(w.id + x->n + a + b - 3, y->id, y->n * sizeof *v.id) == 0 && w.id[w.n - 1] == eos);
    CHECK(encode_note(s, &prompt, text, n, span, 2, x->n + y->n, &w, &full, NULL) == E_USAGE);
    prompt_free(&prompt);
    prompt = (struct prompt){0};
    CHECK(prompt_make(&prompt, s, NULL, 0, &list) == 0 && prompt.before.n == 0 && prompt.after.n > 0);
    prompt_free(&prompt);
    static const char *const bad_template[] = {"{x}", "{note}{note}", "{labels}", "a { b"};
    for (int i = 0; i < 4; i++) {
        prompt = (struct prompt){0};
        CHECK(prompt_make(&prompt, s, bad_template[i], strlen(bad_template[i]), NULL) == E_DATA);
        prompt_free(&prompt);
    }
    buf_free(&list);
    DONE("prompt counts and has offsets 0,0");

    CHECK(encode_note(s, NULL, text, n, bad, 1, 0, &v, &full, NULL) == E_DATA);
    CHECK(encode_note(s, NULL, text, n, back, 1, 0, &v, &full, NULL) == E_DATA);
    CHECK(spm_encode(s, text, n, UINT32_MAX - 3, &v) == E_DATA);
    DONE("spans outside the text are refused");
    spm_ids_free(&v);
    spm_ids_free(&w);
}

static void test_lookup(const struct spm *s)
{
    const struct spm_info *i = spm_info(s);
    struct buf b = {0};
    int32_t ids[5] = {i->pad, i->eos, -7, i->pieces + 128, i->eos};
    CHECK(i->pad == 0 && i->eos == 1 && i->unk == 2 && i->bos == -1 && i->pieces > 100);
    CHECK(spm_piece(s, -1) == NULL && spm_piece(s, i->pieces) == NULL && spm_piece(s, i->pieces - 1) != NULL);
    CHECK(spm_piece_id(s, spm_piece(s, 50)) == 50 && spm_piece_id(s, "no such piece") == -1);
    CHECK(spm_decode(s, ids, 5, &b) == 0 && b.n > 0);
    json_t *a = spm_json(s), *other = json_deep_copy(a);
    CHECK(spm_same(a, other) == 0);
    json_object_set_new(other, "xxh64", json_string("0123456789abcdef"));
    CHECK(spm_same(a, other) == E_DATA && spm_same(a, NULL) == E_DATA);
    json_decref(a);
    json_decref(other);
    buf_free(&b);
    DONE("special ids, lookup, ids outside the vocabulary, equality");
}

static void test_open(const char *model)
{
    struct spm *s, *t = NULL;
    char *p, hex[17];
    size_t n;
    CHECK(spm_open(&s, dir) == 0); /* a model directory */
    CHECK(file_xxh64(model, hex) == 0 && s && strcmp(hex, spm_info(s)->xxh64) == 0);
    CHECK(file_read(model, 1 << 28, &p, &n) == 0 && spm_open_bytes(&t, "spiece.model", p, n) == 0);
    CHECK(strcmp(spm_info(t)->xxh64, hex) == 0 && strcmp(spm_info(t)->name, "spiece.model") == 0);
    spm_close(s);
    spm_close(t);
    CHECK(spm_open(&s, "/nowhere/at/all") == E_NOINPUT && s == NULL);
    CHECK(spm_open(&s, "/") == E_NOINPUT);
    CHECK(spm_open_bytes(&s, "x", "", 0) == E_DATA && spm_open_bytes(&s, "x", "not a model", 11) == E_DATA);
    CHECK(strstr(err_msg(), "not a SentencePiece model") != NULL);
    for (size_t cut = 1; cut < 20; cut++) /* cut short: refused, or at least harmless */
        if (spm_open_bytes(&s, "x", p, n * cut / 20) == 0)
            spm_close(s);
    DONE("open file, directory, bytes; a model cut short");

    /* The normaliser's table, damaged: the library would read outside it. It begins with the trie's size. */
    struct spm_ids v = {0};
    int refused = 0;
    for (size_t i = n / 20; i < n; i += n / 397) {
        char kept = p[i];
        p[i] ^= 0x7f;
        if (spm_open_bytes(&s, "x", p, n) != 0)
            refused++;
        for (int j = 0; s && j < N_ODD; j++)
            CHECK(spm_encode(s, odd[j], strlen(odd[j]), 0, &v) == 0);
        spm_close(s);
        p[i] = kept;
    }
    CHECK(refused > 10);
    spm_ids_free(&v);
    free(p);
    DONE("damaged tables are refused or harmless");
}

static void *work(void *arg)
{
    struct spm_ids *v = calloc(1, sizeof *v);
    const char *text = "The patient was diuresed with intravenous furosemide; 401.9, 428.0 and \xef\xac\x81.";
    for (int i = 0; i < 200; i++) {
        v->n = 0;
        if (spm_encode(arg, text, strlen(text), 0, v))
            break;
    }
    return v;
}
static void test_threads(struct spm *s)
{
    pthread_t th[4];
    struct spm_ids *v[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&th[i], NULL, work, s);
    for (int i = 0; i < 4; i++)
        pthread_join(th[i], (void **)&v[i]);
    for (int i = 0; i < 4; i++)
        CHECK(v[i]->n > 0 && v[i]->n == v[0]->n && memcmp(v[i]->id, v[0]->id, v[0]->n * sizeof *v[0]->id) == 0);
    for (int i = 0; i < 4; i++) {
        spm_ids_free(v[i]);
        free(v[i]);
    }
    DONE("one vocabulary, four threads");
}

int main(void)
{
    struct spm *uni, *bpe;
    char notes[512], codiesp[512], real[512];
    const char *root = getenv("PWD");
    snprintf(notes, sizeof notes, "%s/tests/golden/notes.txt", root);
    snprintf(codiesp, sizeof codiesp, "%s/../shared/data/codiesp/v4/dev/text_files_en", root);
    if (!mkdtemp(dir) || system("command -v spm_train spm_encode >/dev/null") != 0) {
        printf("skip spm: no spm_train here (make deps)\n");
        return 0;
    }
    snprintf(cmd, sizeof cmd,
             "cd %s && spm_train --input='%s' --model_prefix=spiece --vocab_size=400 --hard_vocab_limit=false "
             "--pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 2>log && "
             "spm_train --input='%s' --model_prefix=bpe --model_type=bpe --vocab_size=600 --byte_fallback "
             "--split_digits --normalization_rule_name=identity --remove_extra_whitespaces=false 2>log",
             dir, notes, notes);
    CHECK(system(cmd) == 0);
    DONE("spm_train makes the vocabularies");
    CHECK(spm_open(&uni, in_dir("spiece.model")) == 0 && uni);
    CHECK(spm_open(&bpe, in_dir("bpe.model")) == 0 && bpe);
    DONE("open");
    if (uni && bpe) {
        test_open(in_dir("spiece.model"));
        test_lookup(uni);
        test_odd(uni, "unigram");
        test_odd(bpe, "BPE with byte fallback");
        test_file(uni, "spiece.model", notes, "ids of spm_encode, unigram", false);
        test_file(bpe, "bpe.model", notes, "ids of spm_encode, BPE; exact round trip", true);
        if (access(codiesp, R_OK) == 0) {
            snprintf(cmd, sizeof cmd, "cat '%s'/S0*.txt | head -n 3000 >%s/real.txt", codiesp, dir);
            CHECK(system(cmd) == 0);
            snprintf(real, sizeof real, "%s/real.txt", dir);
            test_file(uni, "spiece.model", real, "ids of spm_encode on CodiEsp, unigram", false);
            test_file(bpe, "bpe.model", real, "ids of spm_encode on CodiEsp, BPE", false);
        } else {
            printf("skip ids of spm_encode on CodiEsp: not here\n");
        }
        test_windows(notes);
        test_encode(uni);
        test_threads(uni);
    }
    spm_close(uni);
    spm_close(bpe);
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    CHECK(system(cmd) == 0);
    TEST_EXIT();
}
