/* What a model thinks aloud, chat templates' tokens and words to the reader are no knowledge: lib/kb/answer_tags.c and
 * answer_heading.c. Each form stands around lists in Markdown, lists in JSON and a description. */
#include <time.h>

#include "tests/unit/answer.h"

#define RIGHT_LISTS "Medical terms:\n- high blood pressure\n\nAbbreviations:\n- HTN\n\nSynonyms:\n- raised BP\n"
#define RIGHT_MARKDOWN \
    "### Medical terms\n* high blood pressure\n\n### Abbreviations\n* HTN\n\n### Synonyms\n* raised BP\n"
#define RIGHT_JSON \
    "{\"medical_terms\": [\"high blood pressure\"], \"abbreviations\": [\"HTN\"], \"synonyms\": [\"raised BP\"]}\n"
#define RIGHT_TERMS "T:high blood pressure|A:HTN|S:raised BP"
#define RIGHT_WORDS "Hypertension is a lasting rise of arterial pressure."
#define WRONG_LISTS "Medical terms:\n- wrong thinking term\nAbbreviations:\n- WTT\n"
#define WRONG_WORDS "Okay, the user wants a wrong description of it. I should not forget the kidneys.\n"
/* what a base model runs on with */
#define RUN_ON "\nSynonyms:\n- wrong run on\n\nMore wrong words of another answer follow here.\n"

static void all_kinds(const char *name, const char *before, const char *between, const char *after, const char *kinds)
{
    static const struct {
        char kind;
        const char *wrong, *right, *terms;
    } answers[] = {
        {'l', WRONG_LISTS, RIGHT_LISTS, RIGHT_TERMS},      {'m', WRONG_LISTS, RIGHT_MARKDOWN, RIGHT_TERMS},
        {'j', WRONG_LISTS, RIGHT_JSON, RIGHT_TERMS},       {'w', "It may be a wrong term.\n", RIGHT_LISTS, RIGHT_TERMS},
        {'d', WRONG_WORDS, RIGHT_WORDS, "D:" RIGHT_WORDS}, {'e', WRONG_LISTS, RIGHT_WORDS, "D:" RIGHT_WORDS}};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct buf text = {0};
        char label[96];
        if (!strchr(kinds, answers[i].kind))
            continue;
        CHECK(buf_fmt(&text, "%s%s%s%s%s%c", before, *before || *between ? answers[i].wrong : "", between,
                      answers[i].right, after, 0) == 0);
        snprintf(label, sizeof label, "%s/%c", name, answers[i].kind);
        expect(label, text.p, answers[i].kind == 'd' || answers[i].kind == 'e', answers[i].terms, -1);
        buf_free(&text);
    }
}

static void closed(void)
{
    /* clang-format off */
    static const struct {
        const char *name, *before, *between;
    } forms[] = {
        {"think", "<think>\n", "</think>\n"},
        {"think-on-a-line", "<think>", "</think>"},
        {"no-opening-tag", "", "</think>\n\n"},
        {"upper", "<THINK>\n", "</THINK>\n"},
        {"title", "<Think>", "</Think>"},
        {"thinking", "<thinking>\n", "</thinking>\n"},
        {"thought", "<thought>\n", "</thought>\n"},
        {"thoughts", "<thoughts>\n", "</thoughts>\n"},
        {"reasoning", "<reasoning>\n", "</reasoning>\n"},
        {"reason", "<reason>\n", "</reason>\n"},
        {"analysis", "<analysis>\n", "</analysis>\n"},
        {"scratchpad", "<scratchpad>\n", "</scratchpad>\n"},
        {"reflection", "<reflection>\n", "</reflection>\n"},
        {"monologue", "<inner_monologue>\n", "</inner_monologue>\n"},
        {"chain-of-thought", "<chain-of-thought>\n", "</chain-of-thought>\n"},
        {"planning", "<planning>\n", "</planning>\n"},
        {"namespace", "<seed:think>\n", "</seed:think>\n"},
        {"attribute", "<think budget=\"512\">\n", "</think>\n"},
        {"blank-in-tag", "<think >\n", "</think >\n"},
        {"blanks-in-tag", "< think >\n", "< / think >\n"},
        {"other-names", "<thinking>\n", "</think>\n"},
        {"escaped", "&lt;think&gt;\n", "&lt;/think&gt;\n"},
        {"zero-width", "<\xE2\x80\x8Bthink>\n", "</\xE2\x80\x8Bthink>\n"},
        {"nested", "<think>a <think>b\n", "</think>c\n- wrong too\n</think>\n"},
        {"nested-unclosed", "<think>a <think>b\n", "</think>\n"},
        {"twice", "<think>a</think>\n", "<think>b</think>\n"},
        {"twice-closed", "", "</think>\n- wrong too\n</think>\n"},
        {"names-it", "<think>I close with </s> or <foo>.\n", "</think>\n"},
        {"brackets", "[THINK]\n", "[/THINK]\n"},
        {"brackets-small", "[think]", "[/think]"},
        {"triangles", "\xE2\x97\x81think\xE2\x96\xB7\n", "\xE2\x97\x81/think\xE2\x96\xB7\n"},
        {"channel", "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"},
        {"channels", "<|start|>assistant<|channel|>analysis<|message|>",
         "<|end|><|start|>assistant<|channel|>commentary<|message|>wrong<|end|><|start|>assistant<|channel|>final "
         "<|message|>"},
        {"channel-tokens-lost", "analysis", "assistantfinal"},
        {"channel-tokens-lost-commentary", "analysis", "assistantcommentarywrongassistantfinal"},
        {"start-thinking", "<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"},
        {"begin-of-thought", "<|begin_of_thought|>\n", "<|end_of_thought|>\n<|begin_of_solution|>\n"},
        {"inner-prefix", "<|inner_prefix|>", "<|inner_suffix|>"},
        {"think-role", "<|im_start|>think\n", "<|im_start|>answer\n"},
        {"answer-tag", "", "<answer>\n"},
        {"think-answer", "<think>\n", "</think>\n<answer>\n"},
        {"thought-output", "<Thought>", "</Thought>\n<Output>\n"},
        {"final-answer-tag", "<scratchpad>", "</scratchpad><final_answer>"},
        {"answer-within", "<think><answer>", "</answer></think><answer>"},
        {"answer-closes", "<think>", "<answer>"},
        {"sharp", "### Reasoning\n", "\n### Answer\n"},
        {"sharp-numbered", "## 1. Thought process\n", "\n## 2. Final answer:\n"},
        {"bold", "**Reasoning**\n", "\n**Final Answer**\n"},
        {"bold-colon", "**Reasoning:** it is so.\n", "\n**Final Answer:**\n"},
        {"plain", "Thought process:\n", "\nFinal answer:\n"},
        {"plain-response", "Here is my thought process:\n", "\nHere is my response:\n"},
        {"ollama", "Thinking...\n", "...done thinking.\n\n"},
        {"final-only", "", "\n**Final answer:**\n"},
        {"final-rule", "Let me think step by step.\n", "\n---\n\nFinal Answer:\n\n"},
        {"analysis-heading", "# Analysis\n", "\n# Final response\n"},
        {"assistant", "User: what is the code?\n", "Assistant:\n"},
        {"assistant-line", "user\n", "assistant\n"},
        {"prompt-llama-2", "<s>[INST] <<SYS>>\nx\n<</SYS>>\n", " [/INST] "},
        {"prompt-im", "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"},
        {"prompt-llama-3", "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
         "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
        {"prompt-gemma", "<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n"},
        {"prompt-phi", "<|user|>\n", "<|end|>\n<|assistant|>\n"},
        {"prompt-deepseek", "<\xEF\xBD\x9C" "User\xEF\xBD\x9C>", "<\xEF\xBD\x9C" "Assistant\xEF\xBD\x9C>"},
        {"prompt-and-thoughts", "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n<think>\n", "</think>\n"},
    };
    /* clang-format on */
    char label[64];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        all_kinds(forms[i].name, forms[i].before, forms[i].between, "", "lmjwde");
        snprintf(label, sizeof label, "answer-thoughts/%s", forms[i].name);
        DONE(label);
    }
}

/* Only headings of the answer's own end these thoughts. */
static void headed(void)
{
    all_kinds("sharp-before", "### Reasoning\n", "\n", "", "m");
    all_kinds("fence", "```thinking\n", "```\n", "", "lmjwde");
    expect("fence-unclosed", "```reasoning\n" WRONG_LISTS, false, "", 1);
    expect("in-a-list", "Abbreviations:\n- HTN\n- Wait, I should check whether WTT applies\n- HBP\n", false,
           "A:HTN|A:HBP", 0);
    expect("no-labels", "Abbreviations:\nAI: aortic insufficiency\nAI\n- response: HR\nUser dependence\n", false,
           "A:AI|T:aortic insufficiency|A:AI|A:response|A:HR|A:User dependence", 0);
    expect("reasoning-behind", RIGHT_LISTS "\n### Reasoning\n" WRONG_LISTS, false, RIGHT_TERMS, -1);
    expect("explained-behind", RIGHT_LISTS "\n**Explanation:**\n- HTN is widely used\n", false, RIGHT_TERMS, -1);
    expect("reasoning-then-lists", "Reasoning:\nIt is wrong.\n\n" RIGHT_LISTS, false, RIGHT_TERMS, -1);
    expect("reasoning-unclear", "Reasoning:\n" WRONG_LISTS "\n" RIGHT_LISTS, false, "", 1);
    expect("reasoning-description", "## Reasoning\nIt is a wrong one.\n\n## Description\n" RIGHT_WORDS, true,
           "D:" RIGHT_WORDS, -1);
    expect("reasoning-alone", "## Reasoning\n" WRONG_WORDS, true, "", -1);
    DONE("answer-thoughts/headed");
    /* no mark at all */
    expect("chatter-lists", "Okay, the user wants the terms. Hmm, wait.\n\n" RIGHT_LISTS, false, RIGHT_TERMS, -1);
    expect("chatter-unclear", "Okay, the user wants terms.\n\n" WRONG_LISTS "\nWait, I need to check.\n\n" RIGHT_LISTS,
           false, "", 1);
    expect("chatter-inline", "Alright, the user asks for it. Medical terms: wrong one, wrong two.\n" RIGHT_LISTS, false,
           RIGHT_TERMS, -1);
    expect("chatter-description", WRONG_WORDS "\n" RIGHT_WORDS, true, "", 1);
    expect("chatter-we", "We need to describe the code. The user asks for a wrong text.\n" RIGHT_WORDS, true, "", 1);
    expect("chatter-later", RIGHT_WORDS " Hmm, wait, the user may want more than that.", true, "", 1);
    expect("preamble", "Okay, here is a description of the code:\n\n" RIGHT_WORDS, true, "D:" RIGHT_WORDS, -1);
    expect("patients", "Patients need to be told that they should rest when the user of a wheelchair is in pain.", true,
           "D:Patients need to be told that they should rest when the user of a wheelchair is in pain.", 0);
    DONE("answer-thoughts/chatter");
}

static void unclosed(void)
{
    static const char *const opens[] = {"<think>",
                                        "<THINK>",
                                        "< thinking >",
                                        "<thought>",
                                        "[THINK]",
                                        "\xE2\x97\x81think\xE2\x96\xB7",
                                        "<|channel|>analysis<|message|>",
                                        "analysisWe need to list terms.\n",
                                        "<scratchpad>",
                                        "<|START_THINKING|>",
                                        "&lt;think&gt;",
                                        "</think><think>",
                                        "Thinking...\n"};
    char label[64];
    for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
        struct buf text = {0};
        CHECK(buf_fmt(&text, "%s%s%c", opens[i], WRONG_LISTS, 0) == 0);
        snprintf(label, sizeof label, "unclosed-%zu", i);
        expect(label, text.p, false, "", 1);
        text.n = 0;
        CHECK(buf_fmt(&text, "%s%s%c", opens[i], WRONG_WORDS, 0) == 0);
        expect(label, text.p, true, "", 1);
        buf_free(&text);
    }
    DONE("answer-thoughts/unclosed");
}

/* What no list of names knows is not guessed at. */
static void unknown(void)
{
    static const char *const tags[] = {"<zorp>", "</zorp>", "<tool_call>", "<|zorp|>", "<x-y z=\"1\">"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        struct buf text = {0};
        struct got g;
        CHECK(buf_fmt(&text, "%s\n%s%c", tags[i], RIGHT_LISTS, 0) == 0);
        expect(tags[i], text.p, false, "", 1);
        g = read_answer(text.p, text.n - 1, false);
        CHECK(!strcmp(g.why, "a tag that is not known") && g.line == 1);
        buf_free(&g.terms);
        text.n = 0;
        CHECK(buf_fmt(&text, "%s\n%s%c", tags[i], RIGHT_WORDS, 0) == 0);
        expect(tags[i], text.p, true, "", 1);
        buf_free(&text);
    }
    expect("unknown-in-thoughts", "<think><zorp></think>" RIGHT_LISTS, false, RIGHT_TERMS, 0);
    expect("unknown-in-json", "{\"synonyms\": [\"<zorp>x y</zorp>\"]}", false, "", 1);
    DONE("answer-thoughts/unknown-tags");
    /* no tags */
    expect("less", "A pressure < 90 mmHg and > 60 mmHg, or <5 and >3, is what <- this code -> means.", true,
           "D:A pressure < 90 mmHg and > 60 mmHg, or <5 and >3, is what <- this code -> means.", 0);
    expect("none-tag", "Medical terms:\n- one thing\nAbbreviations:\n- <none>\nSynonyms:\n- <NONE>\n", false,
           "T:one thing", 0);
    DONE("answer-thoughts/no-tags");
}

static void ends(void)
{
    static const char *const tokens[] = {"</s>",
                                         "<|im_end|>",
                                         "<|eot_id|>",
                                         "<|end_of_text|>",
                                         "<|endoftext|>",
                                         "<end_of_turn>",
                                         "<eos>",
                                         "<EOS>",
                                         "[EOS]",
                                         "<|end|>",
                                         "<|return|>",
                                         "<|eom_id|>",
                                         "<|END_OF_TURN_TOKEN|>",
                                         "<|END_RESPONSE|>",
                                         "<|end_of_solution|>",
                                         "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
                                         "[/INST]",
                                         "[INST]",
                                         "<|im_start|>user\n",
                                         "<start_of_turn>user\n",
                                         "<|user|>",
                                         "</answer>",
                                         "</output>",
                                         "</response>",
                                         "\nUser: and the next?",
                                         "\n### Instruction:\n",
                                         "\nHuman: and the next?"};
    char label[96];
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        snprintf(label, sizeof label, "end-%s", tokens[i]);
        struct buf after = {0};
        CHECK(buf_fmt(&after, "%s%s%c", tokens[i], RUN_ON, 0) == 0);
        all_kinds(label, "", "", after.p, "lmjde");
        buf_free(&after);
        all_kinds(label, "", "", tokens[i], "lmjde");
    }
    expect("end-in-an-entry", "Abbreviations:\n- HTN</s>", false, "A:HTN", 0);
    expect("start", "<s> " RIGHT_LISTS, false, RIGHT_TERMS, 0);
    expect("pads", "<pad><pad>" RIGHT_LISTS "</s><pad><pad>", false, RIGHT_TERMS, 0);
    DONE("answer-thoughts/ends");
}

static void closing_words(void)
{
    static const char *const words[] = {"\n\nLet me know!",
                                        "\n\nLet me know if you have more questions.",
                                        " Let me know if you need more.",
                                        "\n\nI hope this helps!",
                                        " Hope this helps!",
                                        "\n\nFeel free to ask.",
                                        "\n\nIf you have any questions, ask.",
                                        "\n\nIs there anything else?",
                                        "\n\nWould you like more detail?",
                                        "\n\nThank you!",
                                        "\n\nHappy to help!",
                                        "\n\nPlease consult a doctor for advice."};
    char label[96];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        snprintf(label, sizeof label, "closing-%zu", i);
        all_kinds(label, "", "", words[i], words[i][0] == '\n' ? "lmd" : "d");
    }
    expect("labelled", "Assistant: " RIGHT_WORDS, true, "D:" RIGHT_WORDS, 0);
    expect("labelled-ai", "AI: " RIGHT_WORDS, true, "D:" RIGHT_WORDS, 0);
    expect("labelled-bold", "**Answer:** " RIGHT_WORDS, true, "D:" RIGHT_WORDS, 0);
    DONE("answer-thoughts/closing-words");
}

static void html(void)
{
    expect("html-list", "<h2>Synonyms</h2>\n<ul><li>raised BP</li><li><b>high</b> tension</li></ul>", false,
           "S:raised BP|S:high tension", 0);
    expect("html-breaks", "Synonyms:<br>raised BP<br/>high tension<br />", false, "S:raised BP|S:high tension", 0);
    expect("html-cell", "## Abbreviations\n| Abbreviation | Meaning |\n|---|---|\n| <b>HTN</b> | Hypertension |\n",
           false, "A:HTN|T:Hypertension", 0);
    expect("html-description", "<p>" RIGHT_WORDS "</p>", true, "D:" RIGHT_WORDS, 0);
    expect("html-sub", "Synonyms:\n- O<sub>2</sub> need\n- raised BP<sup>1</sup>\n", false, "S:O2 need|S:raised BP", 0);
    expect("xml",
           "<medical_terms>\nhigh blood pressure\n</medical_terms>\n<abbreviations>HTN</abbreviations>\n"
           "<synonyms>\n- raised BP\n</synonyms>",
           false, RIGHT_TERMS, 0);
    expect("xml-description", "<description>" RIGHT_WORDS "</description>", true, "D:" RIGHT_WORDS, 0);
    expect("comment", "<!-- my list -->\n" RIGHT_LISTS, false, RIGHT_TERMS, 0);
    DONE("answer-thoughts/html");
}

static void parts_in_json(void)
{
    expect("json-thoughts", "{\"reasoning\": \"Synonyms: wrong\", \"synonyms\": [\"raised BP\"]}", false, "S:raised BP",
           0);
    expect("json-string", "{\"description\": \"<think>wrong</think>" RIGHT_WORDS "</s>\"}", true, "D:" RIGHT_WORDS, 0);
    expect("json-entities", "{\"synonyms\": [\"&quot;raised BP&quot;\"]}", false, "S:raised BP", 0);
    DONE("answer-thoughts/json");
}

/* Processor time of an answer of n units, the less of two. */
static double seconds(const char *head, const char *unit, size_t n)
{
    struct buf b = {0};
    double least = 1e9;
    CHECK(buf_str(&b, head) == 0);
    for (size_t i = 0; i < n; i++)
        CHECK(buf_str(&b, unit) == 0);
    for (int k = 0; k < 2; k++) {
        clock_t from = clock();
        for (int description = 0; description < 2; description++) {
            struct got g = read_answer(b.p, b.n, description);
            buf_free(&g.terms);
        }
        double s = (double)(clock() - from) / CLOCKS_PER_SEC;
        least = s < least ? s : least;
    }
    buf_free(&b);
    return least;
}

/* Eight times the text takes about eight times the time; sixteen is let pass, sixty-four would be quadratic. */
static void linear(void)
{
    static const char *const units[][2] = {{"", "<think></think>"},
                                           {"", "```"},
                                           {"", "```\n"},
                                           {"", "```thinking\n"},
                                           {"", "| a | b\n"},
                                           {"", "Hmm. "},
                                           {"", "- So so so "},
                                           {"", "<think>"},
                                           {"", "</think>"},
                                           {"", "<"},
                                           {"", "<a"},
                                           {"", "[/"},
                                           {"", "&"},
                                           {"", "&lt;"},
                                           {"", "\xE2\x97\x81"},
                                           {"", "<|"},
                                           {"", "<!--"},
                                           {"", "assistantfinal"},
                                           {"", "<br>"},
                                           {"", "<|im_start|>"},
                                           {"Synonyms:\n", "- a b\n"},
                                           {"", "### Answer\n"},
                                           {"Synonyms:\n", "a. b c\n"},
                                           {"Synonyms:\n", "a.\n\n"},
                                           {"", "Synonyms:\n"},
                                           {"Synonyms:\n", ","},
                                           {"Synonyms: ", "ABC/"},
                                           {"{\"synonyms\": \"", "a."},
                                           {"{\"synonyms\": \"", "ABC/"},
                                           {"Synonyms:\n", "\"("}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = 10000 / strlen(units[i][1]);
        double little = seconds(units[i][0], units[i][1], n), much = seconds(units[i][0], units[i][1], 8 * n);
        CHECK(much <= 16 * little + 0.02);
        if (!(much <= 16 * little + 0.02))
            fprintf(stderr, "'%s': %.4f s, eight times as much: %.4f s\n", units[i][1], little, much);
    }
    DONE("answer-thoughts/linear");
}

int main(void)
{
    closed();
    headed();
    unclosed();
    unknown();
    ends();
    closing_words();
    html();
    parts_in_json();
    linear();
    TEST_EXIT();
}
