// SPDX-License-Identifier: ISC
/* text_escape and text_clean into buffers of every size; words and lists.  First byte: the size. */
#include "fuzz.h"

#include <stdbool.h>

/* Undo the escapes: what was escaped must be the bytes that went in. */
static size_t
unescape(const char *s, char *out)
{
	size_t n = 0;

	for (; *s != '\0'; n++) {
		bool octal = s[0] == '\\' && strspn(s + 1, "01234567") >= 3;

		out[n] = octal ? (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + s[3] - '0') : s[0];
		s += octal ? 4 : 1;
	}
	return n;
}

static void
escape(const char *in, size_t len, size_t size)
{
	char *whole = malloc(4 * len + 1), *small = malloc(size), *again = malloc(4 * len + 1);

	HOLDS(whole != NULL && small != NULL && again != NULL);
	text_escape(whole, 4 * len + 1, in, len);
	HOLDS(!text_has_control(whole));
	HOLDS(strcmp(text_clean(again, 4 * len + 1, whole, strlen(whole)), whole) == 0);
	HOLDS(unescape(whole, again) == len && memcmp(again, in, len) == 0);
	text_escape(small, size, in, len);
	HOLDS(strlen(small) < size && strncmp(small, whole, strlen(small)) == 0);
	text_clean(small, size, in, len);
	HOLDS(strlen(small) < size && !text_has_control(small) && fuzz_is_printable(small));
	free(whole);
	free(small);
	free(again);
}

static void
words(const char *s)
{
	struct text_list list = {0};
	const char *at = s;
	char word[64];
	size_t n = 0;

	HOLDS(text_list_split(&list, s) == 0);
	while (text_word(&at, word, sizeof(word)) == 0) {
		HOLDS(n < list.n && strcmp(word, list.item[n]) == 0);
		n++;
	}
	HOLDS(n == list.n || strlen(list.item[n]) >= sizeof(word));
	text_list_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s;

	if (size < 1)
		return 0;
	s = fuzz_string(data + 1, size - 1);
	escape(s, size - 1, 1u + data[0]);
	words(s);
	free(s);
	return 0;
}
