/* The shim over libsentencepiece: see spm.h. Nothing C++ throws may reach the C callers, so every function
 * that calls the library catches. */
#include <sentencepiece_processor.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

extern "C" { /* C headers without a guard of their own; before spm.h, which includes buf.h */
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
}
#include "lib/text/hf_tokenizer.h"
#include "lib/text/spm.h"
#include "lib/text/spm_proto.h"

#define MODEL_MAX (256u << 20)

struct spm {
    sentencepiece::SentencePieceProcessor sp;
    struct spm_info info = {};
    bool words = false;         /* every piece is of one word, so that words can be encoded apart */
    bool mark_behind = false;   /* a word mark belongs to the word before it */
    bool newline_blank = false; /* normalisation makes a newline a blank */
};

/* Runs `body` (a lambda that returns a code) with exceptions turned into codes. */
template <typename F> static int guarded(F body) noexcept
{
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return err_set(E_NOMEM, "out of memory in the tokenizer");
    } catch (...) {
        return err_set(E_BUG, "the tokenizer library failed");
    }
}

int spm_ids_add(struct spm_ids *v, int32_t id, uint32_t begin, uint32_t end)
{
    if (v->n == v->cap) {
        size_t cap = v->cap ? 2 * v->cap : 1024;
        void *p = mem_grow(v->id, cap, sizeof *v->id);
        if (!p)
            return E_NOMEM;
        v->id = (int32_t *)p;
        if (!(p = mem_grow(v->offset, cap, 2 * sizeof *v->offset)))
            return E_NOMEM;
        v->offset = (uint32_t *)p;
        v->cap = cap;
    }
    v->id[v->n] = id;
    v->offset[2 * v->n] = begin;
    v->offset[2 * v->n + 1] = end;
    v->n++;
    return 0;
}

void spm_ids_free(struct spm_ids *v)
{
    free(v->id);
    free(v->offset);
    *v = {};
}

int spm_find(const char *path, char *out, size_t n)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        size_t k = strlen(path);
        bool is_file = k >= 6 && strcmp(path + k - 6, ".model") == 0; /* by its name */
        return err_set(E_NOINPUT, "%s: %s%s", path, strerror(errno), errno == ENOENT && !is_file ? MODEL_HINT : "");
    }
    if (!S_ISDIR(st.st_mode)) {
        if ((size_t)snprintf(out, n, "%s", path) >= n)
            return err_set(E_NOINPUT, "the tokenizer's path is too long");
        return 0;
    }
    static const char *const names[] = {"spiece.model", "tokenizer.model", "tokenizer.json"};
    for (const char *name : names) {
        if ((size_t)snprintf(out, n, "%s/%s", path, name) >= n)
            return err_set(E_NOINPUT, "the tokenizer's path is too long");
        if (stat(out, &st) == 0)
            return 0;
    }
    return err_set(E_NOINPUT, "%s: none of spiece.model, tokenizer.model, tokenizer.json in this directory", path);
}

int spm_open(struct spm **s, const char *path)
{
    *s = nullptr;
    char file[4096];
    char *p;
    size_t n;
    TRY(spm_find(path, file, sizeof file));
    TRY(file_read(file, MODEL_MAX, &p, &n));
    int rc = spm_open_bytes(s, path_base(file), p, n);
    free(p);
    return rc;
}

/* Where may a text be cut? Where a word mark begins, if no piece has one behind a letter; where it ends, if none has
 * one before a letter. The mark must be a piece of its own, or an unknown character could be joined with one. */
static void find_borders(struct spm *m)
{
    static const std::string mark = "\xE2\x96\x81";
    bool before = true, behind = true, whole = false, blank = false, newline = false;
    for (int i = 0; i < m->sp.GetPieceSize(); i++) {
        const std::string &piece = m->sp.IdToPiece(i);
        whole |= piece == mark && !m->sp.IsUnknown(i);
        blank |= piece.find(' ') != piece.npos;
        newline |= piece.find('\n') != piece.npos;
        for (size_t at = 0; (at = piece.find(mark, at)) != piece.npos; at += mark.size()) {
            size_t next = at + mark.size();
            before &= at == 0 || (at >= mark.size() && piece.compare(at - mark.size(), mark.size(), mark) == 0);
            behind &= next == piece.size() || piece.compare(next, mark.size(), mark) == 0;
        }
    }
    m->words = whole && !blank && (before || behind);
    m->mark_behind = !before;
    std::vector<int> a, b;
    m->newline_blank = !newline && m->sp.Encode("a\nb", &a).ok() && m->sp.Encode("a b", &b).ok() && a == b;
}

/* proto: the model; p: the file, which is that or what it was made from. */
static int open_proto(struct spm **s, const char *name, const char *proto, size_t proto_n, const void *p, size_t n)
{
    *s = nullptr;
    struct spm *m = nullptr;
    int rc = guarded([&] {
        m = new struct spm;
        if (proto_n == 0 || !spm_proto_sane(proto, proto_n) || !m->sp.LoadFromSerializedProto({proto, proto_n}).ok())
            return err_set(E_DATA, "%s: not a SentencePiece model", name);
        struct spm_info *i = &m->info;
        snprintf(i->name, sizeof i->name, "%s", name);
        snprintf(i->xxh64, sizeof i->xxh64, "%016llx", (unsigned long long)XXH64(p, n, 0));
        i->pieces = m->sp.GetPieceSize();
        i->pad = m->sp.pad_id();
        i->eos = m->sp.eos_id();
        i->unk = m->sp.unk_id();
        i->bos = m->sp.bos_id();
        find_borders(m);
        return 0;
    });
    if (rc == E_BUG) /* the library trusts what it reads, and ends where that is not so */
        rc = err_set(E_DATA, "%s: not a SentencePiece model", name);
    if (rc)
        delete m;
    else
        *s = m;
    return rc;
}

int spm_open_bytes(struct spm **s, const char *name, const void *p, size_t n)
{
    struct buf model = {};
    *s = nullptr;
    if (n == 0 || *(const char *)p != '{') /* as no SentencePiece model begins */
        return open_proto(s, name, (const char *)p, n, p, n);
    int rc = hf_tokenizer((const char *)p, n, &model);
    rc = rc ? err_ctx(rc, "%s", name) : open_proto(s, name, model.p, model.n, p, n);
    buf_free(&model);
    return rc;
}

const struct spm_info *spm_info(const struct spm *s)
{
    return &s->info;
}

void spm_close(struct spm *s)
{
    delete s;
}

json_t *spm_json(const struct spm *s)
{
    const struct spm_info *i = &s->info;
    json_t *j =
        json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i}", "name", i->name, "xxh64", i->xxh64, "pieces", (int)i->pieces,
                  "pad", (int)i->pad, "eos", (int)i->eos, "unk", (int)i->unk, "bos", (int)i->bos);
    if (!j)
        err_set(E_NOMEM, "out of memory");
    return j;
}

int spm_same(const json_t *mine, const json_t *other)
{
    const char *a = json_string_value(json_object_get(mine, "xxh64"));
    const char *b = json_string_value(json_object_get(other, "xxh64"));
    if (!a || !b)
        return err_set(E_DATA, "meta names no tokenizer");
    if (strcmp(a, b) != 0)
        return err_set(E_DATA, "made with another tokenizer (%s, here %s)", b, a);
    return 0;
}

static bool plain(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Is p[i] one blank between two plain letters or digits? Normalisation leaves it alone whatever is around them. */
static bool between_words(const struct spm *s, const char *p, size_t n, size_t i)
{
    return i > 0 && i + 1 < n && (p[i] == ' ' || (p[i] == '\n' && s->newline_blank)) && plain(p[i - 1]) &&
           plain(p[i + 1]);
}

/* Where the window that begins at `at` ends; *safe: between words. Else at a blank, or between characters. */
static size_t window_end(const struct spm *s, const char *p, size_t n, size_t at, size_t window, bool *safe)
{
    size_t last = at + window, blank = 0;
    *safe = true;
    if (n - at <= window)
        return n;
    for (size_t i = last; i > at + window / 2; i--) {
        if (s->words && between_words(s, p, n, i))
            return i + s->mark_behind;
        if (!blank && (p[i] == ' ' || p[i] == '\n'))
            blank = i;
    }
    *safe = false;
    if (blank)
        return blank;
    while (last > at + window / 2 && ((unsigned char)p[last] & 0xC0) == 0x80)
        last--;
    return last;
}

/* Ids whose first byte is in [b,e), of the window [from,to) around it. */
static int encode_window(const struct spm *s, const char *p, size_t from, size_t to, size_t b, size_t e, uint32_t base,
                         struct spm_ids *out, size_t *count)
{
    return guarded([&] {
        sentencepiece::ImmutableSentencePieceText t;
        if (!s->sp.Encode({p + from, to - from}, t.mutable_proto()).ok())
            return err_set(E_DATA, "the tokenizer can't encode a text of %zu bytes", to - from);
        size_t pieces = t.pieces_size();
        for (size_t i = 0; i < pieces; i++) {
            auto q = t.pieces((int)i);
            size_t begin = from + q.begin();
            if ((from < b && begin < b) || (to > e && begin >= e))
                continue;
            if (out)
                TRY(spm_ids_add(out, (int32_t)q.id(), base + (uint32_t)begin, base + (uint32_t)(from + q.end())));
            ++*count;
        }
        return 0;
    });
}

/* A window is encoded with the letter before its first blank and the one behind its last, which are left out again:
 * so blanks at its borders are neither stripped nor counted twice, whatever the vocabulary does at a text's ends. */
int spm_encode_some(const struct spm *s, const char *p, size_t n, uint32_t base, size_t window, size_t enough,
                    struct spm_ids *out, size_t *count, size_t *done)
{
    size_t end;
    bool met = false; /* the present window begins between words */
    *count = *done = 0;
    if (n > UINT32_MAX - base)
        return err_set(E_DATA, "text is longer than 4 GiB");
    do {
        bool safe;
        end = window_end(s, p, n, *done, window, &safe);
        size_t from = met ? *done - 1 - s->mark_behind : *done;
        size_t to = safe && end < n ? end + 2 - s->mark_behind : end;
        TRY(encode_window(s, p, from, to, *done, end, base, out, count));
        met = safe;
        *done = end;
    } while (*done < n && *count <= enough);
    return 0;
}

int spm_encode(const struct spm *s, const char *p, size_t n, uint32_t base, struct spm_ids *out)
{
    size_t count, done;
    return spm_encode_some(s, p, n, base, SPM_WINDOW, SIZE_MAX, out, &count, &done);
}

int spm_count(const struct spm *s, const char *p, size_t n, size_t *count)
{
    size_t done;
    return spm_encode_some(s, p, n, 0, SPM_WINDOW, SIZE_MAX, nullptr, count, &done);
}

int spm_decode(const struct spm *s, const int32_t *id, size_t n, struct buf *out)
{
    const struct spm_info *f = &s->info;
    return guarded([&] {
        std::vector<int> v;
        v.reserve(n);
        for (size_t i = 0; i < n; i++) {
            if (id[i] >= f->pieces || id[i] < 0)
                v.push_back(f->unk);
            else if (id[i] != f->pad && id[i] != f->eos && id[i] != f->bos)
                v.push_back(id[i]);
        }
        std::string text;
        if (!s->sp.Decode(v, &text).ok())
            return err_set(E_DATA, "the tokenizer can't decode %zu ids", n);
        return buf_add(out, text.data(), text.size());
    });
}

const char *spm_piece(const struct spm *s, int32_t id)
{
    return id >= 0 && id < s->info.pieces ? s->sp.IdToPiece(id).c_str() : nullptr;
}

int32_t spm_piece_id(const struct spm *s, const char *piece)
{
    int32_t id = -1;
    /* PieceToId answers unk for pieces it does not know. */
    guarded([&] {
        int32_t got = s->sp.PieceToId(piece);
        if (s->sp.IdToPiece(got) == piece)
            id = got;
        return 0;
    });
    return id;
}
