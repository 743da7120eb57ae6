/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/formats.h"

#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/view.h"

const struct format format_table[] = {
	{ .name = "text",
	  .help = "tables for people",
	  .bits = FORMAT_STACKS | FORMAT_DROPPED | FORMAT_ROWS | FORMAT_PLACES,
	  .make = view_report__new },
	{ .name = "summary",
	  .help = "15 lines of text, for a ticket",
	  .bits = FORMAT_STACKS | FORMAT_DROPPED | FORMAT_PLACES,
	  .make = view_summary__new },
	{ .name = "dump",
	  .help = "one look: who holds and who waits",
	  .bits = FORMAT_STACKS,
	  .make = view_dump__new },
	{ .name = "giltop",
	  .suffixes = ".giltop",
	  .help = "a recording: everything, as it happened, for *giltop report*, *diff* and *dump "
		  "--at*",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_EVENTS | FORMAT_DROPPED | FORMAT_PLACES,
	  .make = view_none__new },
	{ .name = "folded",
	  .suffixes = ".folded, .txt",
	  .help = "a line a stack with its time, for flame graphs; at the end, of what *--weight* "
		  "says",
	  .lines = "stack",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_WEIGHT | FORMAT_PLACES |
		  FORMAT_ONLY_STACKS,
	  .make = view_folded__new },
	{ .name = "svg",
	  .suffixes = ".svg",
	  .help = "a flame graph of what *--weight* says, in one file for any browser: a "
		  "click shows a part of it, Ctrl-F searches",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_WEIGHT | FORMAT_PLACES |
		  FORMAT_ONLY_STACKS,
	  .make = view_svg__new },
	{ .name = "markdown",
	  .suffixes = ".md",
	  .help = "the summary of 15 lines as Markdown, for a ticket",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_DROPPED | FORMAT_PLACES,
	  .make = view_markdown__new },
	{ .name = "jsonl",
	  .suffixes = ".jsonl, .json",
	  .help = "JSON lines, as it goes: see JSON",
	  .lines = "line",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_DROPPED | FORMAT_ROWS | FORMAT_PLACES,
	  .make = view_json__new },
	{ .name = "html",
	  .suffixes = ".html",
	  .help = "one page to mail: verdict, threads, timeline, flame graphs, who blocks "
		  "whom; for any browser, without a network",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_STATES | FORMAT_DROPPED | FORMAT_ROWS |
		  FORMAT_PLACES,
	  .make = view_html__new },
	{ .name = "perfetto",
	  .suffixes = ".pftrace, .perfetto-trace",
	  .help = "a trace for ui.perfetto.dev: each wait, hold and hand-over on its "
		  "thread, beside other traces",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_STATES | FORMAT_BINARY | FORMAT_PLACES,
	  .make = view_perfetto__new },
	{ .name = "pprof",
	  .suffixes = ".pb.gz, .pprof",
	  .help = "stacks for *go tool pprof*, Pyroscope and Parca: delay, hold and blame, "
		  "threads as labels",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_BINARY | FORMAT_PLACES |
		  FORMAT_ONLY_STACKS,
	  .make = view_pprof__new },
	{ .name = "chrome",
	  .suffixes = ".trace.json, .chrome.json",
	  .help = "trace events as JSON, an event a line: each wait, hold and hand-over, for "
		  "Perfetto, chrome://tracing and beside traces of others",
	  .lines = "line",
	  .bits = FORMAT_STACKS | FORMAT_RECORD | FORMAT_STATES,
	  .make = view_chrome__new },
	{ .name = "csv",
	  .suffixes = ".csv",
	  .help = "a row for each thread and interval, for spreadsheets and data frames",
	  .lines = "line",
	  .bits = FORMAT_RECORD | FORMAT_ROWS,
	  .make = view_csv__new },
	{ .name = "gecko",
	  .suffixes = ".gecko.json",
	  .help = "for the Firefox Profiler: each wait and hold as a marker, and where "
		  "threads wait as call trees and flame graphs",
	  .bits = FORMAT_STACKS | FORMAT_STATES | FORMAT_RECORD | FORMAT_PLACES,
	  .make = view_gecko__new },
	{ .name = "speedscope",
	  .suffixes = ".speedscope.json",
	  .help = "for speedscope: who makes others wait, who waits and who holds by stack, "
		  "and what each thread did when",
	  .bits = FORMAT_STACKS | FORMAT_STATES | FORMAT_RECORD | FORMAT_PLACES,
	  .make = view_speedscope__new },
};
const size_t format_cnt = ARRAY_SIZE(format_table);

const struct format *formats__find(const char *name)
{
	for (size_t i = 0; i < format_cnt; i++)
		if (!strcmp(format_table[i].name, name))
			return &format_table[i];
	return NULL;
}

const struct format *formats__of_file(const char *path)
{
	const struct format *best = NULL;
	size_t len = strlen(path), best_len = 0;

	for (size_t i = 0; i < format_cnt; i++) {
		const char *s = format_table[i].suffixes;

		for (; s && *s; s += strspn(s, ", ")) {
			size_t n = strcspn(s, ", ");

			if (n > best_len && n <= len && !memcmp(s, path + len - n, n)) {
				best = &format_table[i];
				best_len = n;
			}
			s += n;
		}
	}
	return best;
}

void formats__names(unsigned int with, unsigned int without, const char *sep, const char *last,
		    struct sbuf *out)
{
	size_t cnt = 0, n = 0;

	for (size_t i = 0; i < format_cnt; i++)
		cnt += (format_table[i].bits & (with | without)) == with;
	for (size_t i = 0; i < format_cnt; i++) {
		if ((format_table[i].bits & (with | without)) != with)
			continue;
		sbuf__puts(out, !n ? "" : n + 1 < cnt ? sep : last);
		sbuf__puts(out, format_table[i].name);
		n++;
	}
}
