#include "text.h"

#include <string.h>

#define TABLE   1024 /* words, each as often as it is frequent */
#define BETWEEN 64

struct token {
        char p[15];
        uint8_t n;
};

/* Common ones first: the table gives a word of rank r the weight 1/(r + 4). */
static const char *const WORDS[] = {
        "the",        "of",         "and",        "to",          "a",           "in",
        "is",         "that",       "for",        "it",          "you",         "with",
        "as",         "on",         "be",         "are",         "this",        "by",
        "can",        "your",       "or",         "from",        "an",          "have",
        "not",        "will",       "at",         "if",          "which",       "one",
        "each",       "when",       "we",         "use",         "more",        "there",
        "was",        "all",        "but",        "what",        "about",       "how",
        "they",       "other",      "some",       "time",        "so",          "would",
        "their",      "these",      "then",       "than",        "should",      "may",
        "also",       "data",       "first",      "like",        "its",         "into",
        "only",       "between",    "example",    "need",        "make",        "value",
        "most",       "such",       "function",   "system",      "number",      "work",
        "new",        "model",      "because",    "using",       "people",      "way",
        "question",   "answer",     "result",     "order",       "where",       "many",
        "case",       "has",        "line",       "code",        "text",        "step",
        "two",        "after",      "over",       "file",        "name",        "list",
        "before",     "same",       "change",     "point",       "however",     "through",
        "both",       "process",    "water",      "server",      "user",        "request",
        "message",    "long",       "small",      "different",   "important",   "set",
        "part",       "every",      "without",    "help",        "large",       "second",
        "word",       "side",       "check",      "error",       "table",       "group",
        "memory",     "record",     "public",     "high",        "often",       "think",
        "year",       "state",      "might",      "world",       "life",        "keep",
        "start",      "end",        "simple",     "problem",     "while",       "again",
        "place",      "another",    "common",     "information", "even",        "good",
        "much",       "provide",    "consider",   "include",     "several",     "based",
        "within",     "given",      "true",       "possible",    "following",   "language",
        "learn",      "small",      "country",    "history",     "energy",      "light",
        "market",     "price",      "team",       "project",     "design",      "method",
        "object",     "field",      "note",       "page",        "write",       "read",
        "test",       "service",    "network",    "application", "developer",   "customer",
        "product",    "account",    "payment",    "contract",    "company",     "report",
        "summary",    "review",     "section",    "paragraph",   "translate",   "original",
        "sentence",   "meaning",    "context",    "response",    "prompt",      "token",
        "output",     "input",      "string",     "integer",     "array",       "index",
        "return",     "variable",   "loop",       "condition",   "module",      "package",
        "version",    "library",    "script",     "command",     "option",      "parameter",
        "default",    "configure",  "install",    "update",      "delete",      "create",
        "insert",     "select",     "query",      "database",    "storage",     "archive",
        "backup",     "restore",    "security",   "password",    "certificate", "protocol",
        "address",    "packet",     "latency",    "bandwidth",   "temperature", "pressure",
        "velocity",   "gravity",    "molecule",   "protein",     "genome",      "climate",
        "forest",     "river",      "mountain",   "island",      "village",     "city",
        "street",     "garden",     "kitchen",    "recipe",      "butter",      "flour",
        "sugar",      "onion",      "garlic",     "pepper",      "chicken",     "travel",
        "flight",     "hotel",      "museum",     "painting",    "music",       "concert",
        "novel",      "poetry",     "theatre",    "philosophy",  "religion",    "ethics",
        "justice",    "government", "election",   "parliament",  "economy",     "inflation",
        "interest",   "investment", "insurance",  "mortgage",    "engineer",    "scientist",
        "teacher",    "student",    "doctor",     "patient",     "hospital",    "treatment",
        "diagnosis",  "vaccine",    "exercise",   "nutrition",   "sleep",       "anxiety",
        "friend",     "family",     "children",   "mother",      "father",      "brother",
        "sister",     "neighbour",  "seventeen",  "Tuesday",     "September",   "Berlin",
        "Lisbon",     "Newton",     "Ada",        "chess",       "astronomy",   "telescope",
        "satellite",  "algorithm",  "recursion",  "polynomial",  "matrix",      "probability",
        "statistics", "hypothesis", "experiment", "laboratory",
};

static const char *const BREAKS[] = {
        ", ", ", ", ", ", ", ", ", ", "; ", ": ",   " - ",
        ". ", ". ", ". ", ". ", ". ", "? ", ".\\n", ".\\n\\n",
};

/* What a squeeze, a cut or a re-encoder may trip over; all valid JSON. */
static const char *const ESCAPES[] = {
        "\\ud83d",
        "\\ude00\\ud83d",
        "\\ud83d\\ude00",
        "\\uD83D\\uDE00",
        "\\u0000",
        "\\u001f",
        "\\/",
        "/",
        "\\\\",
        "\\\"",
        "\\b\\f\\n\\r\\t",
        "\\u00e9",
        "\\u0041",
        "\xc2\xa0",
        "\xe2\x80\xa8",
        "\x7f",
        "\xc3\xa9",
        "\xe4\xbd\xa0\xe5\xa5\xbd",
        "\xf0\x9f\x98\x80",
        "\xef\xbf\xbf",
        "\xf4\x8f\xbf\xbf",
        "\xef\xbb\xbf",
        "\xed\x9f\xbf",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\\"}],\\\"has_more\\\":false}",
        "\\\"id\\\":\\\"x\\\",",
        "    ",
        "  \\u0020",
        "\\\\\\\"",
        "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\",
        "null",
        "1E5",
        "a",
        "b",
        "plain words here ",
        "x y  z",
};

static const char SENTENCE[] = "The quick brown fox jumps over the lazy dog; it jumps again. ";
_Static_assert(sizeof(SENTENCE) - 1 <= TEXT_UNIT_MAX, "a unit that does not fit");

static struct token plain[TABLE], capital[TABLE], between[BETWEEN];
static char pairs[4096][2];

static struct token token_of(const char *s)
{
        struct token t = { .n = (uint8_t)strlen(s) };

        memcpy(t.p, s, t.n);
        return t;
}

void text_tables(void)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const size_t n = sizeof(WORDS) / sizeof(WORDS[0]);
        double sum = 0, before = 0;
        size_t rank = 0;

        for (size_t r = 0; r < n; r++)
                sum += 1.0 / (double)(r + 4);
        for (size_t i = 0; i < TABLE; i++) {
                while (rank + 1 < n && before + 1.0 / (double)(rank + 4) < (double)i * sum / TABLE)
                        before += 1.0 / (double)(rank++ + 4);
                plain[i] = capital[i] = token_of(WORDS[rank]);
                if (capital[i].p[0] >= 'a')
                        capital[i].p[0] = (char)(capital[i].p[0] - 'a' + 'A');
        }
        for (size_t i = 0; i < BETWEEN; i++)
                between[i] = token_of(i < 16 ? BREAKS[i] : " ");
        for (size_t i = 0; i < 4096; i++) {
                pairs[i][0] = digits[i >> 6];
                pairs[i][1] = digits[i & 63];
        }
}

struct text text_of(enum text_kind kind, uint64_t bytes, struct rng rng)
{
        return (struct text){ .kind = kind, .left = bytes, .rng = rng, .capital = true };
}

/* One word and what follows it. */
static size_t unit_words(struct text *t, char *to)
{
        const struct token *word, *after;
        unsigned draw;

        if (t->n_bits < 16) {
                t->bits = rng_next(&t->rng);
                t->n_bits = 64;
        }
        draw = (unsigned)(t->bits & 0xffff);
        t->bits >>= 16;
        t->n_bits -= 16;

        word = t->capital ? &capital[draw & 1023] : &plain[draw & 1023];
        after = &between[draw >> 10];
        t->capital = after->p[0] == '.' || after->p[0] == '?';
        memcpy(to, word->p, sizeof(word->p));
        memcpy(to + word->n, after->p, sizeof(after->p));

        return (size_t)word->n + after->n;
}

static size_t unit_base64(struct text *t, char *to)
{
        uint64_t bits = rng_next(&t->rng);

        for (size_t i = 0; i < 10; i += 2, bits >>= 12)
                memcpy(to + i, pairs[bits & 4095], 2);
        return 10;
}

static size_t unit_escapes(struct text *t, char *to)
{
        const char *s = ESCAPES[rng_below(&t->rng, sizeof(ESCAPES) / sizeof(ESCAPES[0]))];
        size_t n = strlen(s);

        memcpy(to, s, n);
        return n;
}

/* Writes up to TEXT_UNIT_MAX bytes at `to`, of which the returned number count. */
static size_t unit(struct text *t, char *to)
{
        switch (t->kind) {
        case TEXT_REPEATING:
                memcpy(to, SENTENCE, sizeof(SENTENCE) - 1);
                return sizeof(SENTENCE) - 1;
        case TEXT_BASE64:
                return unit_base64(t, to);
        case TEXT_ESCAPES:
                return unit_escapes(t, to);
        case TEXT_WORDS:
                break;
        }
        return unit_words(t, to);
}

size_t text_read(struct text *t, char *to, size_t room)
{
        size_t done = 0, n;

        while (done < room && t->left > 0) {
                if (t->pending_at < t->pending_n) {
                        n = t->pending_n - t->pending_at;
                        if (n > room - done)
                                n = room - done;
                        memcpy(to + done, t->pending + t->pending_at, n);
                        t->pending_at += (unsigned)n;
                } else if (room - done >= TEXT_UNIT_MAX && t->left >= TEXT_UNIT_MAX) {
                        n = unit(t, to + done);
                } else {
                        n = unit(t, t->pending);
                        /* A unit that would be cut (within an escape, say) gives way to letters. */
                        if (n > t->left) {
                                n = (size_t)t->left;
                                memset(t->pending, 'x', n);
                        }
                        t->pending_at = 0;
                        t->pending_n = (unsigned)n;
                        continue;
                }
                done += n;
                t->left -= n;
        }
        return done;
}
