/* The shim over SentencePiece's trainer: see spm_train.h. Nothing C++ throws may reach the C callers. */
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <set>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

extern "C" { /* C headers without a guard of their own */
#include "lib/util/buf.h"
#include "lib/util/err.h"
}
#include "lib/text/spm.h"
#include "lib/text/spm_proto.h"
#include "lib/text/spm_train.h"

enum { WORD_MAX = 1 << 10, SEED_CHARS = 20000000, SPECIALS = 3 };
static const char mark[] = "\xe2\x96\x81"; /* U+2581: the blank before a word */

struct spm_corpus {
    std::unordered_map<std::string, uint64_t> count;
    std::set<std::string> whole, required; /* codes; characters of codes */
    uint64_t words = 0;
};

template <typename F> static int guarded(F body) noexcept
{
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return err_set(E_NOMEM, "out of memory for the vocabulary");
    } catch (const std::system_error &) { /* it starts threads */
        return err_set(E_NOMEM, "no thread for the vocabulary: out of memory, or of processes");
    } catch (...) {
        return err_set(E_BUG, "the vocabulary's trainer failed");
    }
}

/* ---- the corpus ---- */

int spm_corpus_new(struct spm_corpus **c)
{
    *c = nullptr;
    return guarded([&] {
        *c = new spm_corpus;
        return 0;
    });
}

static bool parts_words(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static size_t word_end(const char *p, size_t i, size_t n)
{
    size_t limit = std::min(n, i + WORD_MAX);
    while (i < limit && !parts_words(p[i]))
        i++;
    if (i == limit && i < n) /* cut before a character, not inside one */
        while ((p[i] & 0xc0) == 0x80)
            i--;
    return i;
}

int spm_corpus_add(struct spm_corpus *c, const char *p, size_t n)
{
    return guarded([&] {
        for (size_t i = 0, end; i < n; i = std::max(end, i + 1)) {
            end = word_end(p, i, n);
            if (end == i)
                continue;
            c->count[std::string(p + i, end - i)]++;
            c->words++;
        }
        return 0;
    });
}

int spm_corpus_code(struct spm_corpus *c, const char *code, bool whole)
{
    if (!whole)
        TRY(spm_corpus_add(c, code, strlen(code)));
    return guarded([&] {
        for (size_t i = 0, n; code[i]; i += n) {
            for (n = 1; (code[i + n] & 0xc0) == 0x80; n++)
                ;
            if (!parts_words(code[i]))
                c->required.insert(std::string(code + i, n));
        }
        if (whole)
            c->whole.insert(code);
        return 0;
    });
}

void spm_corpus_size(const struct spm_corpus *c, struct spm_corpus_size *size)
{
    *size = {c->words, c->count.size()};
}

void spm_corpus_free(struct spm_corpus *c)
{
    delete c;
}

/* ---- training ---- */

/* The trainer's input, as its tsv: "words TAB count". EM runs on the counts of words, but the first candidates for
 * pieces are the substrings that branch in the text itself, and how often they stand there. So a word is given in
 * copies, as many as it occurs, thinned out evenly where that would be more than SEED_CHARS characters; their counts
 * add up to its own. Two copies share a line: a word is then followed by a blank once and by an end once, branches, and
 * is a candidate itself. */
class lines : public sentencepiece::SentenceIterator {
  public:
    explicit lines(const spm_corpus &c)
    {
        uint64_t chars = 0;
        for (const auto &w : c.count) {
            words.push_back(&w);
            chars += w.second * (w.first.size() + 1);
        }
        std::sort(words.begin(), words.end(), [](auto *a, auto *b) { return a->first < b->first; });
        thin = chars / SEED_CHARS + 1;
        next_word();
    }
    bool done() const override { return end; }
    const std::string &value() const override { return line; }
    sentencepiece::util::Status status() const override { return {}; }
    void Next() override
    {
        const std::string &w = words[at - 1]->first;
        if (singles > 0)
            singles--, show(w, each);
        else if (rest > 0)
            show(w, rest), rest = 0;
        else
            next_word();
    }

  private:
    void next_word()
    {
        if ((end = at == words.size()))
            return;
        const auto &[w, n] = *words[at++];
        uint64_t copies = std::max(n / thin, (uint64_t)1);
        each = n / copies;
        rest = n % copies;
        singles = copies > 1 ? copies - 2 : 0;
        show(copies > 1 ? w + ' ' + w : w, each);
    }
    void show(const std::string &text, uint64_t times) { line = text + '\t' + std::to_string(times); }

    std::vector<const std::pair<const std::string, uint64_t> *> words; /* in byte order */
    size_t at = 0;                                                     /* the next word */
    uint64_t thin, each = 0, rest = 0, singles = 0;
    bool end = false;
    std::string line;
};

/* What the trainer has to say about a size that is too small: "... BOUND vs NEEDED. ..."; 0: it says something else. */
static long long needed(const std::string &message)
{
    long long n = 0;
    size_t at = message.find("required_chars");
    at = at == std::string::npos ? at : message.find(" vs ", at);
    return at != std::string::npos && sscanf(message.c_str() + at, " vs %lld", &n) == 1 ? n : 0;
}

static int run_trainer(const spm_corpus &c, const struct spm_training &t, int64_t size, std::string *model)
{
    std::string required;
    for (char k = '!'; k < 0x7f; k++)
        required += k;
    for (const auto &k : c.required)
        required += k;
    lines text(c);
    auto status = sentencepiece::SentencePieceTrainer::Train(
        {
            {"model_type", "unigram"},
            {"input_format", "tsv"},
            {"vocab_size", std::to_string(size)},
            {"hard_vocab_limit", "false"}, /* capped by what the corpus has */
            {"character_coverage", std::to_string(t.coverage)},
            {"required_chars", required},
            {"max_sentence_length", std::to_string(3 * WORD_MAX)},
            {"num_threads", "8"}, /* sums are taken in this many parts, whatever the processors are */
            {"pad_id", "0"},
            {"eos_id", "1"},
            {"unk_id", "2"},
            {"bos_id", "-1"},
            {"minloglevel", "4"}, /* silent */
        },
        &text, model);
    if (status.ok())
        return 0;
    long long least = needed(status.ToString());
    if (least)
        return err_set(E_DATA, "a size of %lld is too small: the characters and codes alone take %lld pieces",
                       (long long)t.size, least + (long long)(t.size - size));
    return err_set(E_DATA, "SentencePiece's trainer: %s", status.ToString().c_str());
}

/* Codes that are to be one piece: 0 is above every log probability, so none is ever cut. A piece that the trainer found
 * itself gets that score, the others come behind. */
static int add_whole(const spm_corpus &c, std::string *model)
{
    std::set<std::string> missing;
    for (const auto &code : c.whole)
        missing.insert(mark + code);
    const char *p = model->data(), *end = p + model->size();
    struct spm_field piece, f;
    while (spm_proto_next(&p, end, &piece) > 0) {
        const char *q = piece.p, *score = nullptr;
        std::string text;
        while (piece.no == SPM_PIECE && spm_proto_next(&q, piece.p + piece.n, &f) > 0) {
            if (f.no == SPM_PIECE_TEXT)
                text.assign(f.p, f.n);
            if (f.no == SPM_PIECE_SCORE)
                score = f.p;
        }
        if (score && missing.erase(text))
            memset(&(*model)[(size_t)(score - model->data())], 0, sizeof(float));
    }
    struct buf b = {};
    int rc = 0;
    for (const auto &text : missing)
        if (!rc)
            rc = spm_proto_piece(&b, text.data(), text.size(), 0, SPM_NORMAL);
    if (!rc)
        model->append(b.p ? b.p : "", b.n);
    buf_free(&b);
    return rc;
}

static int check_whole(const spm_corpus &c, const struct spm *s)
{
    for (const auto &code : c.whole) {
        struct spm_ids v = {};
        struct buf text = {};
        int rc = spm_encode(s, code.data(), code.size(), 0, &v);
        bool one = !rc && v.n == 1 && spm_decode(s, v.id, v.n, &text) == 0 && text.n == code.size() &&
                   memcmp(text.p, code.data(), text.n) == 0;
        spm_ids_free(&v);
        buf_free(&text);
        if (rc || !one)
            return rc ? rc : err_set(E_DATA, "code %s can't be one piece: the normaliser rewrites it", code.c_str());
    }
    return 0;
}

int spm_train(const struct spm_corpus *c, const struct spm_training *t, struct buf *model, int64_t *size)
{
    int64_t left = t->size - (int64_t)c->whole.size();
    if (c->count.empty())
        return err_set(E_DATA, "no word to learn from");
    if (left <= SPECIALS)
        return err_set(E_DATA, "a size of %lld has no room for %zu whole codes", (long long)t->size, c->whole.size());
    return guarded([&] {
        std::string m;
        struct spm *s;
        TRY(run_trainer(*c, *t, left, &m));
        TRY(add_whole(*c, &m));
        TRY(spm_open_bytes(&s, "the new vocabulary", m.data(), m.size()));
        *size = spm_info(s)->pieces;
        int rc = check_whole(*c, s);
        spm_close(s);
        return rc ? rc : buf_add(model, m.data(), m.size());
    });
}
