/* What stands in a list's place but is no expression: words for "there is none" and remarks on usage. Tests:
 * tests/unit/answer_entries.c. */
#include <ctype.h>
#include <strings.h>

#include "lib/kb/answer_part.h"

enum { WORDS_MAX = 16 };

struct words {
    struct slice v[WORDS_MAX];
    size_t n;
    bool more; /* than these */
};

/* Is a letter, digit or apostrophe at s? Everything else parts words. */
static bool letter(struct slice s, size_t *bytes)
{
    uint32_t c = slice_char(s, bytes);
    if (c < 0x80)
        return isalnum((int)c) || c == '\'';
    return !slice_sign(c) && !(c >= 0x2000 && c <= 0x206F) && !(c >= 0x3000 && c <= 0x303F);
}

static struct words words_of(struct slice s)
{
    struct words w = {0};
    for (size_t i = 0; i < s.n;) {
        size_t begin = i, n = 0;
        while (i < s.n && letter((struct slice){s.p + i, s.n - i}, &n))
            i += n;
        if (i > begin && w.n < WORDS_MAX)
            w.v[w.n++] = (struct slice){s.p + begin, i - begin};
        else if (i > begin)
            w.more = true;
        i += i == begin ? n : 0;
    }
    return w;
}

static bool among(struct slice word, const char *const *list)
{
    for (; *list; list++)
        if (slice_is(word, *list))
            return true;
    return false;
}

/* The words joined by blanks are `phrase`. */
static bool phrase(const struct words *w, const char *phrase)
{
    for (size_t i = 0; i < w->n; i++, phrase += *phrase == ' ') {
        if (strncasecmp(phrase, w->v[i].p, w->v[i].n) != 0)
            return false;
        phrase += w->v[i].n;
        if (*phrase && *phrase != ' ')
            return false;
    }
    return !*phrase;
}

/* Words that say there is none, by themselves or with words that only go along. */
static const char *const absence[] = {
    "none",    "no",     "not",    "nothing", "nil",          "never",       "unknown", "unspecified", "unavailable",
    "without", "cannot", "don't",  "doesn't", "isn't",        "aren't",      "see",     "same",        "above",
    "below",   "rarely", "seldom", "spelled", "inapplicable", "unnecessary", "nan",     "na",          NULL};
static const char *const along[] = {"a",
                                    "about",
                                    "abbreviated",
                                    "abbreviation",
                                    "abbreviations",
                                    "accepted",
                                    "acronym",
                                    "acronyms",
                                    "additional",
                                    "aforementioned",
                                    "alternate",
                                    "alternative",
                                    "am",
                                    "an",
                                    "and",
                                    "any",
                                    "applicable",
                                    "apply",
                                    "applies",
                                    "are",
                                    "as",
                                    "at",
                                    "available",
                                    "aware",
                                    "be",
                                    "been",
                                    "by",
                                    "classified",
                                    "clinical",
                                    "clinically",
                                    "common",
                                    "commonly",
                                    "data",
                                    "defined",
                                    "description",
                                    "descriptions",
                                    "determined",
                                    "distinct",
                                    "do",
                                    "documentation",
                                    "does",
                                    "elsewhere",
                                    "entries",
                                    "entry",
                                    "established",
                                    "exist",
                                    "existing",
                                    "exists",
                                    "expression",
                                    "expressions",
                                    "fit",
                                    "for",
                                    "form",
                                    "forms",
                                    "found",
                                    "frequent",
                                    "frequently",
                                    "full",
                                    "further",
                                    "general",
                                    "generally",
                                    "given",
                                    "have",
                                    "has",
                                    "i",
                                    "identified",
                                    "in",
                                    "info",
                                    "information",
                                    "is",
                                    "it",
                                    "its",
                                    "know",
                                    "knowledge",
                                    "known",
                                    "list",
                                    "listed",
                                    "lists",
                                    "literature",
                                    "me",
                                    "medical",
                                    "mentioned",
                                    "more",
                                    "my",
                                    "name",
                                    "names",
                                    "needed",
                                    "normally",
                                    "notes",
                                    "of",
                                    "official",
                                    "one",
                                    "ones",
                                    "or",
                                    "other",
                                    "others",
                                    "otherwise",
                                    "out",
                                    "particular",
                                    "practice",
                                    "present",
                                    "provided",
                                    "recognised",
                                    "recognized",
                                    "relevant",
                                    "reported",
                                    "required",
                                    "routinely",
                                    "section",
                                    "short",
                                    "specific",
                                    "specifically",
                                    "specified",
                                    "standard",
                                    "standardized",
                                    "such",
                                    "synonym",
                                    "synonyms",
                                    "term",
                                    "terms",
                                    "that",
                                    "the",
                                    "there",
                                    "these",
                                    "this",
                                    "those",
                                    "to",
                                    "typical",
                                    "typically",
                                    "unique",
                                    "universal",
                                    "universally",
                                    "use",
                                    "used",
                                    "usually",
                                    "well",
                                    "widely",
                                    "with",
                                    "word",
                                    "words",
                                    "written",
                                    "yet",
                                    NULL};

static bool says_absence(const struct words *w)
{
    size_t absent = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (among(w->v[i], absence))
            absent++;
        else if (slice_is(w->v[i], "code") && i && (slice_is(w->v[i - 1], "this") || slice_is(w->v[i - 1], "the")))
            continue; /* "no code" is what is done for the dying */
        else if (!among(w->v[i], along))
            return false;
    }
    bool written =
        w->n > 1 && (slice_is(w->v[0], "use") || slice_is(w->v[0], "usually") || slice_is(w->v[0], "written"));
    return absent || (written && (slice_is(w->v[1], "full") || slice_is(w->v[1], "written") ||
                                  slice_is(w->v[1], "the") || slice_is(w->v[1], "out") || slice_is(w->v[1], "in")));
}

/* "Abbreviation 1", "insert term here": a form that was not filled in. */
static bool unfilled(const struct words *w)
{
    static const char *const nouns[] = {"abbreviation", "abbreviations", "acronym",     "acronyms",
                                        "synonym",      "synonyms",      "expression",  "expressions",
                                        "term",         "terms",         "placeholder", NULL};
    static const char *const others[] = {"insert", "here", "your",    "another",  "first", "second",
                                         "third",  "the",  "medical", "clinical", "etc",   NULL};
    size_t found = 0;
    for (size_t i = 0; i < w->n; i++) {
        bool number = isdigit((unsigned char)*w->v[i].p) || w->v[i].n == 1;
        found += among(w->v[i], nouns);
        if (!number && !among(w->v[i], nouns) && !among(w->v[i], others))
            return false;
    }
    return found > 0;
}

/* "Keine gebräuchliche Abkürzung": another language's "no", and one of its words for a short form or a synonym. */
static bool foreign_none(const struct words *w, struct slice s)
{
    static const char *const no[] = {"kein",        "keine",   "aucun",   "aucune", "pas",     "sin",
                                     "ning\u00fan", "ninguna", "ninguno", "nessun", "nessuna", "nenhum",
                                     "nenhuma",     "sem",     "senza",   "geen",   "ingen",   "inga",
                                     "inget",       "brak",    "no",      NULL};
    static const char *const nouns[] = {"abk\u00fcrz", "k\u00fcrzel",  "abr\u00e9v", "abrev",      "abbrev",
                                        "afkort",      "f\u00f6rkort", "forkort",    "skr\u00f3t", "synon",
                                        "sin\u00f3n",  "sinon",        "acron",      "acr\u00f3n", "acr\u00f4n",
                                        "akron",       "sigle",        "sigla",      NULL};
    bool found = false;
    for (size_t i = 0; nouns[i] && !found; i++)
        found = slice_find(s, nouns[i]) != NULL;
    return found && w->n <= 8 && among(w->v[0], no);
}

bool answer_is_none(struct slice s)
{
    static const char *const phrases[] = {
        "n a", "n v t", "nul", "null", "nada", "empty", "blank", "undefined", "unk", "tbd", "t b d", "tba", "tbc",
        "todo", "to be determined", "to be added", "to be confirmed", "to come", "pending", "missing", "ditto", "idem",
        "ibid", "etc", "et cetera", "and others", "others", "other", "more", "and more", "many more", "so on",
        "so forth", "and similar", "xxx", "xx", "lorem ipsum",
        /* German, French, Spanish, Portuguese, Italian */
        "kein", "keine", "keiner", "keines", "keins", "keine bekannt", "keine bekannten", "keine angabe",
        "keine angaben", "keine abk\u00fcrzung", "keine abk\u00fcrzungen", "keine synonyme", "keine vorhanden",
        "nicht vorhanden", "nicht zutreffend", "nicht bekannt", "nicht verf\u00fcgbar", "unbekannt", "entf\u00e4llt",
        "siehe oben", "s o", "wie oben", "aucun", "aucune", "aucune abr\u00e9viation", "aucun synonyme",
        "aucune connue", "n\u00e9ant", "sans objet", "inconnu", "non applicable", "pas applicable", "voir ci dessus",
        "pas d'abr\u00e9viation", "ninguno", "ninguna", "ning\u00fan", "ninguna conocida", "no aplica", "no aplicable",
        "no hay", "no disponible", "desconocido", "v\u00e9ase arriba", "ver arriba", "sin abreviaturas",
        "sin sin\u00f3nimos", "nenhum", "nenhuma", "n\u00e3o aplic\u00e1vel", "n\u00e3o se aplica", "n\u00e3o h\u00e1",
        "desconhecido", "ver acima", "nessuno", "nessuna", "non applicabile", "non disponibile", "sconosciuto",
        "vedi sopra",
        /* Dutch, Nordic, Slavic, Hungarian, Turkish, others */
        "geen", "geen bekend", "niet van toepassing", "nvt", "onbekend", "zie boven", "ingen", "inga", "inget", "intet",
        "ikke relevant", "ikke aktuelt", "ukjent", "ukendt", "ej till\u00e4mpligt", "ok\u00e4nd", "ei ole",
        "ei sovellettavissa", "brak", "nie dotyczy", "nieznany", "\u017e\u00e1dn\u00e1", "\u017e\u00e1dn\u00e9",
        "\u017e\u00e1dn\u00fd", "neuvedeno", "nincs", "nu exist\u0103", "niciunul", "yok", "bilinmiyor", "tidak ada",
        "kh\u00f4ng c\u00f3", "\u043d\u0435\u0442", "\u041d\u0435\u0442", "\u041d\u0415\u0422",
        "\u043d\u0435 \u043f\u0440\u0438\u043c\u0435\u043d\u0438\u043c\u043e",
        "\u041d\u0435 \u043f\u0440\u0438\u043c\u0435\u043d\u0438\u043c\u043e",
        "\u043d\u0435\u0438\u0437\u0432\u0435\u0441\u0442\u043d\u043e",
        "\u043e\u0442\u0441\u0443\u0442\u0441\u0442\u0432\u0443\u0435\u0442",
        "\u041e\u0442\u0441\u0443\u0442\u0441\u0442\u0432\u0443\u0435\u0442", "\u03ba\u03b1\u03bd\u03ad\u03bd\u03b1",
        "\u65e0", "\u7121", "\u65e0\u3002", "\u6ca1\u6709", "\u6682\u65e0", "\u4e0d\u9002\u7528", "\u306a\u3057",
        "\u7121\u3057", "\u8a72\u5f53\u306a\u3057", "\uc5c6\uc74c", "\ud574\ub2f9 \uc5c6\uc74c",
        "\u0644\u0627 \u064a\u0648\u062c\u062f", "\u05d0\u05d9\u05df"};
    struct words w = words_of(s);
    if (!w.n || w.more)
        return false;
    if (w.n == 1 && slice_is(w.v[0], "na")) /* Na is sodium */
        return !(w.v[0].p[0] == 'N' && w.v[0].p[1] == 'a');
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrase(&w, phrases[i]))
            return true;
    return says_absence(&w) || unfilled(&w) || foreign_none(&w, s);
}

/* "rare", "see https://...", "British usage": what is said of an expression, not another one. */
bool answer_is_remark(struct slice s, bool whole)
{
    static const char *const usage[] = {
        "rare",       "rarely", "common",       "commonly",   "uncommon",     "uncommonly", "informal",
        "informally", "formal", "slang",        "jargon",     "lay",          "archaic",    "obsolete",
        "outdated",   "dated",  "deprecated",   "colloquial", "colloquially", "seldom",     "usage",
        "sometimes",  "often",  "occasionally", "frequently", "preferred",    NULL};
    static const char *const words[] = {
        "used",         "usually",   "old",        "older",    "historical", "historically", "former",      "formerly",
        "british",      "american",  "european",   "canadian", "australian", "uk",           "us",          "usa",
        "gb",           "eu",        "see",        "http",     "https",      "www",          "note",        "context",
        "abbreviation", "abbr",      "abbrev",     "acronym",  "synonym",    "initialism",   "term",        "noun",
        "adjective",    "adj",       "verb",       "plural",   "singular",   "pl",           "sing",        "latin",
        "greek",        "french",    "german",     "spanish",  "generic",    "brand",        "ambiguous",   "nos",
        "nec",          "nhs",       "who",        "icd",      "cdc",        "dsm",          "cms",         "typically",
        "mostly",       "mainly",    "especially", "only",     "specific",   "broad",        "nonspecific", "general",
        "when",         "depending", "preferably", NULL};
    struct words w = words_of(s);
    size_t found = slice_begins(s, "e.g") && !whole;
    bool number = true;
    for (size_t i = 0; i < w.n; i++) {
        bool told = among(w.v[i], usage);
        if (whole && !told && !slice_is(w.v[i], "used") && !slice_is(w.v[i], "usage"))
            return false;
        found += told || (!whole && among(w.v[i], words));
        number &= isdigit((unsigned char)*w.v[i].p) || w.v[i].n == 1;
    }
    if (whole)
        return found == w.n && w.n;
    return found || (number && w.n);
}
