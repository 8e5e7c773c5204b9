// SPDX-License-Identifier: ISC
/*
 * What rsync and ssh may say, a line each: those that begin with '!' on standard error.  Then what
 * is thought of the run, for every exit status of interest; and the names that a comparison gave.
 */
#include "fuzz.h"

#include "flashback/rsync/output.h"
#include "flashback/rsync/scan.h"
#include "flashback/rsync/verdict.h"

/* The words that scripts count lines with. */
static void
check_reason(const struct verdict *v)
{
	HOLDS(strlen(v->run.reason) < 200);
	HOLDS(fuzz_is_printable(v->run.reason));
	HOLDS(strstr(v->run.reason, "FAILED") == NULL &&
	      strstr(v->run.reason, "SUCCEEDED") == NULL);
	HOLDS(v->run.result > RESULT_NONE && v->run.result < RESULT_RESULTS);
}

static void
verdicts(const struct output_words *w)
{
	static const int status[] = {0,        23 << 8, 24 << 8, 11 << 8, 12 << 8,
	                             255 << 8, 5 << 8,  20 << 8, 9};

	for (size_t i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		enum verdict_stop last = i == 0 ? VERDICT_STOP_STALL : VERDICT_STOP_NO;

		for (enum verdict_stop stop = VERDICT_STOP_NO; stop <= last; stop++) {
			const struct verdict_case c = {.status = status[i],
			                               .stop = stop,
			                               .removable = i % 2 != 0,
			                               .shrink_guard = 5000,
			                               .files_before = 1000};
			struct verdict v;

			memset(&v, 0xa5, sizeof(v));
			verdict_make(&c, w, &v);
			check_reason(&v);
			HOLDS(w->stats.seen || v.tree != VERDICT_TREE_COMPLETE);
			HOLDS(status[i] == 0 || status[i] == 24 << 8 ||
			      v.tree != VERDICT_TREE_COMPLETE);
		}
	}
}

/* One of the files of a scan, in memory. */
struct names {
	char *text;
	size_t size;
};

enum { LIST, GONE, FILES };

static void
scan_begin(struct scan *s, struct names names[FILES])
{
	*s = (struct scan){.id = "h/v"};
	s->list = open_memstream(&names[LIST].text, &names[LIST].size);
	s->gone = open_memstream(&names[GONE].text, &names[GONE].size);
	HOLDS(s->list != NULL && s->gone != NULL);
}

/* No name leads out of the tree in which it is looked up.  Return the number of names. */
static int64_t
check_names(const struct names *names)
{
	int64_t n = 0;

	for (const char *s = names->text; s < names->text + names->size; s += strlen(s) + 1, n++) {
		size_t len = strlen(s);

		HOLDS(len > 0 && s[0] != '/' && strcmp(s, "..") != 0);
		HOLDS(strncmp(s, "../", 3) != 0 && strstr(s, "/../") == NULL);
		HOLDS(len < 3 || strcmp(s + len - 3, "/..") != 0);
	}
	return n;
}

static void
scan_end(struct scan *s, struct names names[FILES])
{
	fclose(s->list);
	fclose(s->gone);
	HOLDS(check_names(&names[LIST]) == s->listed);
	HOLDS(check_names(&names[GONE]) == s->gone_names);
	HOLDS(s->new_bytes >= 0 && s->largest >= 0 && s->new_files >= 0);
	for (size_t i = 0; i < FILES; i++)
		free(names[i].text);
	text_list_free(&s->stores);
}

static void
hear(struct output_words *w, struct output_progress *p, struct scan *s, const char *line,
     size_t len)
{
	size_t is_error = len > 0 && line[0] == '!';
	char *own;

	/* Not ended by a NUL, and of its own size: reading past its end is seen. */
	len -= is_error;
	own = malloc(len > 0 ? len : 1);
	HOLDS(own != NULL);
	memcpy(own, line + is_error, len);
	if (is_error || (output_progress(own, len, p) < 0 && scan_line(s, own, len) < 0))
		output_line(w, own, len, is_error != 0);
	free(own);
}

static void
check_words(const struct output_words *w, const struct output_progress *p)
{
	HOLDS(fuzz_is_printable(w->first_error) && fuzz_is_printable(w->first_refusal));
	HOLDS(fuzz_is_printable(w->first_attribute) && fuzz_is_printable(w->last_error));
	HOLDS(fuzz_is_printable(w->cause));
	HOLDS(w->stats.files >= 0 && w->stats.transferred >= 0);
	HOLDS(w->stats.bytes >= 0 && w->stats.new_bytes >= 0);
	HOLDS(p->percent >= 0 && p->percent <= 100 && p->left >= -1);
	HOLDS(p->bytes >= 0 && p->rate >= 0 && p->done >= 0 && p->all >= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct output_words w = {0};
	struct output_progress p = {.left = -1};
	const char *at = (const char *)data, *end = at + size;
	struct names names[FILES] = {{.size = 0}};
	struct scan s;

	scan_begin(&s, names);
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((eol != NULL ? eol : end) - at);

		hear(&w, &p, &s, at, len);
		check_words(&w, &p);
		at += len + 1;
	}
	verdicts(&w);
	scan_end(&s, names);
	return 0;
}
