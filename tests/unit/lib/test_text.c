// SPDX-License-Identifier: ISC
#include "unit.h"

#include "flashback/lib/text.h"

static void
test_escape_table(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", ""},
	    {"plain /path-1.txt", "plain /path-1.txt"},
	    {"a\nb\tc\r", "a\\012b\\011c\\015"},
	    {"\x1b[2Jx\x7f", "\\033[2Jx\\177"},
	    {"\x01\x1f ~", "\\001\\037 ~"},
	    /* Characters of two, three and four bytes; the least and the greatest of each. */
	    {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7",
	     "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7"},
	    {"\xc2\xa0 \xdf\xbf", "\xc2\xa0 \xdf\xbf"},
	    {"\xe0\xa0\x80 \xef\xbf\xbf", "\xe0\xa0\x80 \xef\xbf\xbf"},
	    {"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"},
	    {"\xed\x9f\xbf \xee\x80\x80", "\xed\x9f\xbf \xee\x80\x80"},
	    /* Bytes that begin nothing, and sequences cut short. */
	    {"\x80", "\\200"},
	    {"\xbf", "\\277"},
	    {"\xff\xfe", "\\377\\376"},
	    {"\xc3", "\\303"},
	    {"\xc3"
	     "a",
	     "\\303a"},
	    {"\xe2\x82", "\\342\\202"},
	    {"\xe2\x82z", "\\342\\202z"},
	    {"\xf0\x9f\x90", "\\360\\237\\220"},
	    {"\xc3\xc3\xbc", "\\303\xc3\xbc"},
	    /* Overlong forms of '/', ESC and others; surrogates; beyond U+10FFFF. */
	    {"\xc0\xaf", "\\300\\257"},
	    {"\xc1\xbf", "\\301\\277"},
	    {"\xe0\x80\x9b", "\\340\\200\\233"},
	    {"\xe0\x9f\xbf", "\\340\\237\\277"},
	    {"\xf0\x80\x80\xaf", "\\360\\200\\200\\257"},
	    {"\xf0\x8f\xbf\xbf", "\\360\\217\\277\\277"},
	    {"\xed\xa0\x80", "\\355\\240\\200"},
	    {"\xed\xbf\xbf", "\\355\\277\\277"},
	    {"\xf4\x90\x80\x80", "\\364\\220\\200\\200"},
	    {"\xf5\x80\x80\x80", "\\365\\200\\200\\200"},
	    {"\xf8\x88\x80\x80\x80", "\\370\\210\\200\\200\\200"},
	    /* C1 controls: U+009B is an escape sequence's beginning for some terminals. */
	    {"\xc2\x80", "\\302\\200"},
	    {"\xc2\x9b"
	     "31m",
	     "\\302\\23331m"},
	    {"\xc2\x9f", "\\302\\237"},
	    /* Bidirectional controls and separators, and their neighbours. */
	    {"\xd8\x9c", "\\330\\234"},
	    {"\xe2\x80\x8e\xe2\x80\x8f", "\\342\\200\\216\\342\\200\\217"},
	    {"\xe2\x80\xa8", "\\342\\200\\250"},
	    {"\xe2\x80\xa9", "\\342\\200\\251"},
	    {"\xe2\x80\xaa\xe2\x80\xae", "\\342\\200\\252\\342\\200\\256"},
	    {"\xe2\x81\xa6\xe2\x81\xa9", "\\342\\201\\246\\342\\201\\251"},
	    {"\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa",
	     "\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa"},
	    /* What is not seen: zero width, the byte order mark, tags. */
	    {"\xe2\x80\x8b\xe2\x80\x8d", "\\342\\200\\213\\342\\200\\215"},
	    {"\xe2\x81\xa0", "\\342\\201\\240"},
	    {"\xef\xbb\xbf", "\\357\\273\\277"},
	    {"\xf3\xa0\x80\x80\xf3\xa0\x81\xbf", "\\363\\240\\200\\200\\363\\240\\201\\277"},
	    {"\xf3\xa0\x82\x80", "\xf3\xa0\x82\x80"},
	    /* A backslash stays, unless it would read as one of our escapes. */
	    {"\\", "\\"},
	    {"C:\\dir\\", "C:\\dir\\"},
	    {"\\n \\01 \\08x \\18", "\\n \\01 \\08x \\18"},
	    {"\\012", "\\134012"},
	    {"\\\\012", "\\\\134012"},
	    {"\\777", "\\134777"},
	    {"\\0\n12", "\\0\\01212"},
	    {"\\\x01", "\\\\001"},
	    {"\\134012", "\\134134012"},
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *fresh = text_escaped(cases[i].in);

		assert_ptr_equal(text_escape(buf, sizeof(buf), cases[i].in, strlen(cases[i].in)),
		                 buf);
		assert_string_equal(buf, cases[i].out);
		assert_non_null(fresh);
		assert_string_equal(fresh, cases[i].out);
		free(fresh);
	}
}

static void
test_escape_stops_at_len(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(text_escape(buf, sizeof(buf), "abc", 2), "ab");
	assert_string_equal(text_escape(buf, sizeof(buf), "a\0b", 3), "a\\000b");
	assert_string_equal(text_escape(buf, sizeof(buf), "\xe2\x82\xac", 2), "\\342\\202");
	assert_string_equal(text_escape(buf, sizeof(buf), "\\012", 3), "\\01");
	assert_string_equal(text_escape(buf, sizeof(buf), "x", 0), "");
}

static void
test_escape_never_cuts_in_half(void **state)
{
	/* The text, and for each size of buffer what fits. */
	static const char text[] = "a\xe2\x82\xac\x01"
	                           "b\xe2\x80\xae"
	                           "c";
	static const struct {
		size_t size;
		const char *out;
	} cases[] = {
	    {1, ""},
	    {2, "a"},
	    {4, "a"},
	    {5, "a\xe2\x82\xac"},
	    {8, "a\xe2\x82\xac"},
	    {9, "a\xe2\x82\xac\\001"},
	    {10, "a\xe2\x82\xac\\001b"},
	    {21, "a\xe2\x82\xac\\001b"},
	    {22, "a\xe2\x82\xac\\001b\\342\\200\\256"},
	    {23, "a\xe2\x82\xac\\001b\\342\\200\\256c"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *buf = malloc(cases[i].size);

		assert_non_null(buf);
		text_escape(buf, cases[i].size, text, sizeof(text) - 1);
		assert_string_equal(buf, cases[i].out);
		free(buf);
	}
}

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static bool
is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The original bytes, from what text_escape made of them. */
static size_t
unescape(unsigned char *dst, const char *s)
{
	size_t n = 0;

	while (*s != '\0') {
		if (s[0] == '\\' && is_octal(s[1]) && is_octal(s[2]) && is_octal(s[3])) {
			dst[n++] =
			    (unsigned char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			dst[n++] = (unsigned char)*s++;
		}
	}
	return n;
}

/* Whatever the bytes, the result holds no control character, and the bytes can be had back from it.
 */
static void
test_escape_property(void **state)
{
	static const char alphabet[] =
	    "\\\\\\0123789ab\n\x1b\x80\x9b\xa0\xbf\xc2\xc3\xe2\x82\xac\xed\xf0\x9f\xf4\xff";
	const uint64_t first_seed = UINT64_C(20261122);
	uint64_t seed = first_seed;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned char in[24], back[sizeof(in)];
		char out[sizeof(in) * 4 + 1], again[sizeof(out)];
		size_t len = (size_t)(next(&seed) % (sizeof(in) + 1));

		for (size_t i = 0; i < len; i++)
			in[i] = (unsigned char)alphabet[next(&seed) % (sizeof(alphabet) - 1)];
		text_escape(out, sizeof(out), (const char *)in, len);
		if (text_has_control(out) || unescape(back, out) != len ||
		    memcmp(in, back, len) != 0)
			fail_msg("seed %llu, round %d: %s", (unsigned long long)first_seed, round,
			         out);
		/* A shorter buffer holds a beginning of the same. */
		text_escape(again, 1 + (size_t)(next(&seed) % sizeof(out)), (const char *)in, len);
		assert_memory_equal(again, out, strlen(again));
	}
}

/* Text of ours that was escaped, written and read any number of times, stays as it is. */
static void
test_clean(void **state)
{
	static const char text[] = "a\\033 \\012\n\xc3\xbc\xff";
	char once[64], twice[64], *fresh = text_cleaned(text);

	(void)state;
	text_clean(once, sizeof(once), text, strlen(text));
	assert_string_equal(once, "a\\033 \\012\\012\xc3\xbc\\377");
	text_clean(twice, sizeof(twice), once, strlen(once));
	assert_string_equal(twice, once);
	assert_non_null(fresh);
	assert_string_equal(fresh, once);
	free(fresh);
	assert_string_equal(text_clean(once, 5, "ab\n", 3), "ab");
	assert_string_equal(text_fit(once, 6, "abcde", 5), "abcde");
	assert_string_equal(text_fit(once, 6, "abcdef", 6), "ab...");
	assert_string_equal(text_fit(once, 6, "a\nb", 3), "a...");
}

static void
test_word(void **state)
{
	const char *s = " one\ttwo \n";
	char word[4];

	(void)state;
	assert_int_equal(text_word(&s, word, 3), -1);
	assert_string_equal(s, " one\ttwo \n");
	assert_int_equal(text_word(&s, word, sizeof(word)), 0);
	assert_string_equal(word, "one");
	assert_string_equal(s, "\ttwo \n");
	assert_int_equal(text_word(&s, word, sizeof(word)), 0);
	assert_string_equal(word, "two");
	assert_int_equal(text_word(&s, word, sizeof(word)), -1);
	assert_string_equal(s, " \n");
}

static void
test_has_control(void **state)
{
	(void)state;
	assert_false(text_has_control(""));
	assert_false(text_has_control("a b~\xc3\xbc\xff"));
	assert_true(text_has_control("a\tb"));
	assert_true(text_has_control("\n"));
	assert_true(text_has_control("a\x7f"));
	assert_true(text_has_control("\x1f"));
}

static void
test_format_and_replace(void **state)
{
	char *s = text_format("%s/%s", "kimono", "home");

	(void)state;
	assert_non_null(s);
	assert_string_equal(s, "kimono/home");
	assert_int_equal(text_replace(&s, "[%s] %d", s, 7), 0);
	assert_string_equal(s, "[kimono/home] 7");
	free(s);
	s = NULL;
	assert_int_equal(text_replace(&s, "x"), 0);
	assert_string_equal(s, "x");
	free(s);
}

static void
check_list(const struct text_list *list, const char *const *wanted)
{
	size_t i;

	for (i = 0; wanted[i] != NULL; i++) {
		assert_true(i < list->n);
		assert_string_equal(list->item[i], wanted[i]);
	}
	assert_int_equal(list->n, i);
	if (list->item != NULL)
		assert_null(list->item[i]);
}

static void
test_list(void **state)
{
	struct text_list list = {0}, more = {0};
	char word[] = "two";

	(void)state;
	assert_int_equal(text_list_add(&list, "one"), 0);
	assert_int_equal(text_list_add(&list, word), 0);
	word[0] = 'T';
	assert_int_equal(text_list_addf(&list, "--timeout=%d", 600), 0);
	check_list(&list, (const char *const[]){"one", "two", "--timeout=600", NULL});

	assert_true(text_list_has(&list, "two"));
	assert_false(text_list_has(&list, "tw"));
	assert_false(text_list_has(&more, ""));
	assert_int_equal(text_list_append(&list, &more), 0);
	assert_int_equal(text_list_add(&more, ""), 0);
	assert_true(text_list_has(&more, ""));
	assert_int_equal(text_list_append(&list, &more), 0);
	assert_int_equal(text_list_append(&more, &more), 0);
	check_list(&list, (const char *const[]){"one", "two", "--timeout=600", "", NULL});
	check_list(&more, (const char *const[]){"", "", NULL});

	/* A text that cannot be made, as without memory: that stays known. */
	assert_false(list.lost);
	assert_int_equal(text_list_addf(&list, "%ls", L"\x20ac"), -1);
	assert_int_equal(text_list_add(&list, "x"), 0);
	assert_true(list.lost);
	check_list(&list, (const char *const[]){"one", "two", "--timeout=600", "", "x", NULL});

	text_list_free(&list);
	assert_false(list.lost);
	assert_null(list.item);
	assert_int_equal(list.n, 0);
	text_list_free(&list);
	text_list_free(&more);
}

static void
test_list_split(void **state)
{
	struct text_list list = {0};

	(void)state;
	assert_int_equal(text_list_split(&list, ""), 0);
	assert_int_equal(text_list_split(&list, " \t\r\n "), 0);
	check_list(&list, (const char *const[]){NULL});
	assert_int_equal(text_list_split(&list, "ssh -p 2222"), 0);
	assert_int_equal(text_list_split(&list, "\t 'a  b'\n$(x)  "), 0);
	check_list(&list, (const char *const[]){"ssh", "-p", "2222", "'a", "b'", "$(x)", NULL});
	text_list_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_escape_table),
	    cmocka_unit_test(test_escape_stops_at_len),
	    cmocka_unit_test(test_escape_never_cuts_in_half),
	    cmocka_unit_test(test_escape_property),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_word),
	    cmocka_unit_test(test_has_control),
	    cmocka_unit_test(test_format_and_replace),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_list_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
