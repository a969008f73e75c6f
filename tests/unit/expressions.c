/* The shipped expressions (share/kb/expressions.ndjson) keep the rules of share/kb/README. */
#include <jansson.h>

#include "lib/kb/match.h"
#include "lib/util/file.h"
#include "tests/test.h"

/* Ordinary words, most of them once or nearly taken for a short form: none may be an expression by itself. */
/* clang-format off */
static const char *const ordinary[] = {
    "a", "able", "about", "access", "acid", "active", "acute", "add", "after", "age", "aid", "aids", "air", "alert",
    "all", "am", "an", "and", "any", "arm", "arms", "as", "at", "back", "bad", "bag", "bal", "bank", "bar", "base",
    "be", "bed", "best", "better", "big", "bit", "black", "blood", "blue", "body", "bone", "both", "bowel", "brain",
    "breath", "bronze", "brush", "bump", "but", "by", "bypass", "call", "can", "cap", "car", "care", "case", "cast",
    "cat", "cath", "cause", "cell", "center", "change", "chart", "chest", "chronic", "cigarette", "clear", "clinic",
    "code", "cold", "condition", "control", "cor", "count", "course", "cover", "crash", "cross", "cut", "daily",
    "dark", "data", "date", "day", "days", "death", "deep", "delay", "did", "diet", "disease", "do", "dose", "down",
    "drain", "drip", "drop", "drug", "due", "each", "ear", "early", "ease", "east", "easy", "eat", "echo", "edge",
    "effect", "effusion", "elevated", "empty", "end", "eye", "face", "fact", "failure", "fall", "false", "fast",
    "fat", "feed", "feeding", "feeds", "feet", "fever", "few", "find", "fine", "fire", "first", "fist", "fit",
    "flow", "fluid", "fluids", "focus", "food", "foot", "for", "found", "free", "from", "full", "gap", "gas", "get",
    "give", "go", "goal", "good", "graft", "gram", "grew", "group", "had", "hand", "hands", "has", "have", "he",
    "head", "heart", "heat", "help", "her", "here", "high", "him", "hip", "his", "hiss", "history", "hold", "home",
    "hot", "hour", "how", "ice", "if", "ill", "in", "infection", "iron", "is", "it", "jaw", "job", "just", "keep",
    "kidney", "kind", "known", "lab", "lap", "large", "last", "late", "lead", "leak", "left", "leg", "less", "let",
    "level", "life", "light", "like", "line", "lines", "list", "liver", "load", "long", "lot", "low", "lung",
    "lungs", "man", "map", "mask", "mass", "mat", "may", "meal", "mean", "med", "met", "mid", "might", "mild",
    "mind", "mod", "more", "most", "mouth", "much", "name", "neck", "new", "night", "no", "normal", "north", "not",
    "note", "now", "nutrition", "of", "off", "oil", "old", "on", "one", "or", "oral", "organ", "other", "out",
    "over", "own", "oxygen", "pack", "packed", "pad", "pain", "part", "past", "patch", "path", "patient", "peak",
    "per", "pill", "pin", "place", "plan", "point", "poor", "pressure", "prior", "pump", "quick", "quit", "rate",
    "raw", "red", "repair", "rest", "result", "right", "ring", "rise", "room", "root", "run", "salt", "same",
    "save", "scan", "scope", "score", "see", "semi", "set", "sets", "she", "shock", "short", "shot", "show", "sick",
    "side", "sir", "sit", "site", "skin", "sled", "sleep", "slow", "small", "smoke", "smoking", "so", "sodium",
    "soft", "some", "soon", "sore", "source", "stage", "state", "statin", "status", "stay", "stem", "step", "still",
    "stone", "stop", "strong", "such", "sugar", "sun", "support", "sure", "table", "tag", "take", "tap", "tar",
    "team", "tea", "tech", "ten", "test", "than", "that", "the", "them", "then", "there", "they", "this", "throat",
    "time", "tip", "to", "tobacco", "today", "toe", "tone", "tool", "top", "transfer", "transfusion", "treat",
    "tube", "tubes", "turn", "two", "type", "under", "unit", "units", "up", "urine", "use", "valve", "vein", "vent",
    "very", "vessel", "view", "vital", "volume", "walk", "wall", "warm", "was", "water", "we", "weak", "week",
    "weight", "well", "were", "wet", "what", "when", "while", "white", "who", "will", "with", "work", "worse",
    "wound", "yes", "yet", "you", "your", "zero"};
/* clang-format on */

static char *folded(const char *text)
{
    struct buf b = {0};
    CHECK(match_fold(text, strlen(text), &b) == 0 && buf_add(&b, "", 1) == 0);
    return b.p;
}

/* Found as it is written: a form in capitals (CAP) is not the word. */
static bool is_ordinary(const char *form)
{
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        if (strcmp(ordinary[i], form) == 0)
            return true;
    return false;
}

static json_t *load(json_t *codes)
{
    char path[4096], *text = NULL;
    size_t n;
    json_t *all = json_array();
    if (share_path("kb/expressions.ndjson", path, sizeof path) || file_read(path, 1 << 24, &text, &n)) {
        CHECK(!"expressions.ndjson can be read");
        return all;
    }
    for (char *s = strtok(text, "\n"); s; s = strtok(NULL, "\n")) {
        json_t *one = json_loads(s, JSON_REJECT_DUPLICATES, NULL);
        CHECK(one && json_object_size(one) == 3);
        CHECK(json_is_string(json_object_get(one, "code")) && json_is_string(json_object_get(one, "type")) &&
              json_string_length(json_object_get(one, "text")) > 1);
        json_array_append_new(all, one);
    }
    free(text);
    CHECK(share_path("caml/TOP_50_CODES.csv", path, sizeof path) == 0 && file_read(path, 1 << 20, &text, &n) == 0);
    for (char *s = strtok(text, "\r\n"); s; s = strtok(NULL, "\r\n"))
        json_object_set_new(codes, s, json_pack("{s:{}, s:{}}", "forms", "types"));
    free(text);
    return all;
}

int main(void)
{
    static const char *const types[] = {"term", "abbreviation", "synonym", "description"};
    static const int least[] = {12, 8, 12, 1};
    json_t *codes = json_object(), *everywhere = json_object(), *one, *c;
    const char *code, *form;
    size_t i;
    int collisions = 0;
    setenv("ICDPIPE_SHARE", "share", 0); /* tests/run starts tests in the tree's root */
    json_t *all = load(codes);
    DONE("expressions/json");

    json_array_foreach(all, i, one)
    {
        const char *type = json_string_value(json_object_get(one, "type"));
        const char *text = json_string_value(json_object_get(one, "text"));
        c = json_object_get(codes, json_string_value(json_object_get(one, "code")));
        bool known = false;
        for (size_t k = 0; k < 4; k++)
            known |= strcmp(types[k], type) == 0;
        CHECK(c && known);
        if (!c)
            continue;
        json_t *of = json_object_get(c, "types");
        json_object_set_new(of, type, json_integer(json_integer_value(json_object_get(of, type)) + 1));
        if (strcmp(type, "description") == 0)
            continue;
        char *f = folded(text);
        CHECK(*f && strlen(text) <= 80 && text[0] != ' ' && text[strlen(text) - 1] != ' ');
        /* two forms that differ in capitals only are one after case folding */
        char *low = strdup(f);
        for (char *p = low; *p; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        if (json_object_get(json_object_get(c, "forms"), low) || is_ordinary(f)) {
            fprintf(stderr, "%s: '%s' is an ordinary word or there twice\n",
                    json_string_value(json_object_get(one, "code")), text);
            CHECK(!"expression may be there");
        }
        json_object_set_new(json_object_get(c, "forms"), low, json_true());
        if (json_object_get(everywhere, low))
            collisions++;
        json_object_set_new(everywhere, low, json_true());
        free(low);
        free(f);
    }
    DONE("expressions/unique-and-no-words");

    json_object_foreach(codes, code, c)
    {
        for (size_t k = 0; k < 4; k++) {
            json_int_t n = json_integer_value(json_object_get(json_object_get(c, "types"), types[k]));
            if (n < least[k] || (k == 3 && n != 1)) {
                fprintf(stderr, "%s: %lld of type %s\n", code, (long long)n, types[k]);
                CHECK(!"enough of the type");
            }
        }
    }
    CHECK(json_object_size(codes) == 50);
    DONE("expressions/every-code");

    json_object_foreach(everywhere, form, c) CHECK(strlen(form) > 1);
    CHECK(collisions <= 25);
    DONE("expressions/few-collisions");
    json_decref(all);
    json_decref(codes);
    json_decref(everywhere);
    TEST_EXIT();
}
