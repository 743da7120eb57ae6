/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_table.c - the options and the verbs: what they are called, where they apply, what help says of them */
#include "user/app/opts_impl.h"
#include "user/base/util.h"
#include "user/view/formats.h"

static const char *const weight_names[] = { "wait", "hold", "blame", "chain", NULL };
static const char *const unit_names[] = { "us", "ns", NULL };
static const char *const color_names[] = { "auto", "always", "never", NULL };
static const char *const group_names[] = { "auto", "pool", "none", NULL };
static const char *const mode_names[] = { "auto", "exact", "light", NULL };
static const char *const attach_names[] = { "auto", "multi", "perf", NULL };
static const char *const follow_names[] = { "no", "yes", "auto", NULL };

#define OFF(field) .off = offsetof(struct opts, field)

#define TOP	 (1u << VERB_TOP)
#define RECORD	 (1u << VERB_RECORD)
#define REPORT	 (1u << VERB_REPORT)
#define EXPORT	 (1u << VERB_EXPORT)
#define DIFF	 (1u << VERB_DIFF)
#define DUMP	 (1u << VERB_DUMP)
#define LIST	 (1u << VERB_LIST)
#define DOCTOR	 (1u << VERB_DOCTOR)
#define MEASURES (TOP | RECORD | DUMP)
/* It judges what is there, and what comes. */
#define FILTER_WHY   "doctor -p PID is about one process"
#define ROWS	     (TOP | RECORD | REPORT | EXPORT | OPT_DUMP_JSON) /* chooses and orders threads */
#define TRIGGERS_WHY "it watches over a time"

const struct opt_desc opt_table[] = {
	{ "pid", 'p', "PID[,PID..]", OPT_LIST, OFF(pid_cnt),
	  .help = "look at these running processes", .min = 1, .max = INT32_MAX,
	  .verbs = MEASURES | DOCTOR,
	  .why = "it is for what runs now; giltop list has all, giltop doctor -p PID is about "
		 "one" },
	{ "tid", 't', "TID[,TID..]", OPT_LIST, OFF(view.tid_cnt), .help = "show only these threads",
	  .min = 1, .max = INT32_MAX, .verbs = ROWS },
	{ "all", 'a', NULL, OPT_FLAG, OFF(all),
	  .help = "every Python process, also those that start later", .verbs = MEASURES | LIST,
	  .why = "giltop list looks at them all" },
	{ "cgroup", 0, "PATH|NAME", OPT_WORDS, OFF(filter), .filter = FILTER_CGROUP,
	  .help = "of all only those in this cgroup or below it: its path, the name of a folder or "
		  "the unit of systemd",
	  .verbs = MEASURES | LIST, .why = FILTER_WHY },
	{ "pod", 0, "NAME|UID", OPT_WORDS, OFF(filter), .filter = FILTER_POD,
	  .help = "of all only those in this pod", .verbs = MEASURES | LIST, .why = FILTER_WHY },
	{ "container", 0, "ID|NAME", OPT_WORDS, OFF(filter), .filter = FILTER_CONTAINER,
	  .help = "of all only those in this container: its name, or the first 4 characters of its "
		  "id and more",
	  .verbs = MEASURES | LIST, .why = FILTER_WHY },
	{ "user", 0, "NAME|UID", OPT_WORDS, OFF(filter), .filter = FILTER_USER,
	  .help = "of all only those of this user", .verbs = MEASURES | LIST, .why = FILTER_WHY },
	{ "comm", 0, "NAME", OPT_WORDS, OFF(filter), .filter = FILTER_COMM,
	  .help = "of all only those that are called so, or as this shell pattern says",
	  .verbs = MEASURES | LIST, .why = FILTER_WHY },
	{ "subprocesses", 's', "[WHEN]", OPT_ENUM_OR, OFF(subprocesses),
	  .help = "follow child processes: yes (-s alone), no, or auto (those of a process that "
		  "has no "
		  "Python load of its own)",
	  .def = "yes with -- COMMAND, auto in the live view, else no", .names = follow_names,
	  .alone = FOLLOW_YES, .verbs = MEASURES },
	{ "no-subprocesses", 0, NULL, OPT_OFF, OFF(subprocesses),
	  .help = "do not follow child processes", .verbs = MEASURES },
	{ "duration", 'd', "TIME", OPT_DURATION, OFF(duration_ns),
	  .help = "stop after 10, 10s, 500ms, 2m .. (default: top and record until interrupted, "
		  "dump 100ms)",
	  .verbs = MEASURES },
	{ "interval", 'i', "TIME", OPT_DURATION, OFF(view.interval_ns),
	  .help = "refresh every TIME", .def = "1s", .verbs = TOP | RECORD,
	  .why = "it is one look; -d TIME says how long" },
	{ "iterations", 'n', "N", OPT_U64, OFF(iterations), .help = "stop after N refreshes",
	  .min = 1, .max = UINT32_MAX, .verbs = TOP | RECORD,
	  .why = "it is one look; -d TIME says how long" },
	{ "batch", 'b', NULL, OPT_FLAG, OFF(batch),
	  .help = "plain text tables instead of the live view", .verbs = TOP | REPORT,
	  .why = "only top and report have a live view" },
	{ "json", 0, NULL, OPT_FLAG, OFF(json),
	  .help = "batch as JSON lines (record: on stdout, beside a recording that is written)",
	  .verbs = MEASURES | REPORT | DIFF | LIST },
	{ "output", 'o', "FILE", OPT_STR, OFF(output), .help = "write to FILE (- is stdout)",
	  .verbs = MEASURES | REPORT | EXPORT | DIFF,
	  .why = "it prints; > FILE makes a file of that" },
	{ "force", 0, NULL, OPT_FLAG, OFF(force), .help = "overwrite FILE",
	  .verbs = MEASURES | REPORT | EXPORT | DIFF },
	{ "format", 'f', "NAME", OPT_FORMAT, OFF(format),
	  .help = "record, export: FORMATS (default: by the suffix of FILE; record on stdout: "
		  "folded); diff: folded",
	  .verbs = RECORD | EXPORT | DIFF,
	  .why = "it is for record and export; batch writes text tables, JSON lines with --json" },
	{ "weight", 0, "WHAT", OPT_ENUM, OFF(view.weight),
	  .help = "FORMATS stacks of: wait (who waited), hold, blame (who made others wait), chain "
		  "(both)",
	  .def = "wait", .names = weight_names, .verbs = RECORD | EXPORT | DIFF,
	  .only = FORMAT_WEIGHT,
	  .why = "it is for record and export -f folded or svg, and diff -f folded" },
	{ "unit", 0, "UNIT", OPT_ENUM, OFF(view.unit_ns), .help = "FORMATS values in us or ns",
	  .def = "us", .names = unit_names, .verbs = RECORD | EXPORT | DIFF, .only = FORMAT_WEIGHT,
	  .why = "it is for record and export -f folded or svg, and diff -f folded" },
	{ "sort", 0, "KEY", OPT_COLUMN, OFF(view.sort), .help = "sort threads by a column",
	  .def = "delay", .verbs = ROWS, .only = FORMAT_ROWS },
	{ "group", 0, "HOW", OPT_ENUM, OFF(view.group),
	  .help = "threads of a pool in one row: auto (those that ended), pool (all) or none",
	  .def = "auto", .names = group_names, .verbs = TOP | REPORT,
	  .why = "it is for tables of threads; stacks have --merge-threads" },
	{ "my-code", 0, NULL, OPT_FLAG, OFF(view.my_code),
	  .help = "time goes to the nearest frame outside the standard library and site-packages",
	  .verbs = TOP | RECORD | REPORT | EXPORT, .only = FORMAT_PLACES,
	  .why = "it is for what has sums by place in the code" },
	{ "merge-threads", 0, NULL, OPT_FLAG, OFF(view.merge_threads),
	  .help = "FORMATS: one root for all threads of a pool", .verbs = RECORD | EXPORT,
	  .only = FORMAT_WEIGHT, .why = "it is for folded and svg; tables have --group" },
	{ "text", 0, NULL, OPT_FLAG, OFF(text),
	  .help = "batch: only a summary of 15 lines, for a ticket",
	  .verbs = TOP | RECORD | REPORT },
	{ "markdown", 0, NULL, OPT_FLAG, OFF(markdown), .help = "the same summary as Markdown",
	  .verbs = TOP | RECORD | REPORT },
	{ "mouse", 0, NULL, OPT_FLAG, OFF(mouse),
	  .help = "live view: use the mouse (copy and paste then need Shift)",
	  .verbs = TOP | REPORT, .harmless = true },
	{ "limit", 'l', "N", OPT_U64, OFF(view.limit),
	  .help = "show the first N threads of a process (default all)", .max = UINT32_MAX,
	  .verbs = ROWS, .only = FORMAT_ROWS },
	{ "no-stacks", 0, NULL, OPT_FLAG, OFF(no_stacks), .help = "do not collect Python stacks",
	  .verbs = MEASURES },
	{ "min-hold", 0, "TIME", OPT_DURATION, OFF(min_hold_ns),
	  .help = "collect stacks of holds of at least TIME, and of those that made others wait",
	  .def = "1ms", .verbs = TOP | RECORD, .why = "it looks at all of them" },
	{ "sched", 0, NULL, OPT_ON, OFF(sched),
	  .help = "also see where holders sleep with the GIL, in which system call, for how long: "
		  "a "
		  "hook that all context switches of the machine pass",
	  .verbs = TOP | RECORD, .never = FORMAT_WEIGHT,
	  .why = "it watches over a time, and is in tables, the live view and JSON" },
	{ "no-sched", 0, NULL, OPT_OFF, OFF(sched), .help = "without that", .def = "this",
	  .verbs = TOP | RECORD, .harmless = true },
	{ "max-rate", 0, "N", OPT_U64, OFF(max_rate),
	  .help = "a recording has at most about N events a second of each process one by one, of "
		  "more "
		  "the short ones in sum",
	  .def = "100000", .min = 1, .max = UINT32_MAX, .verbs = TOP | RECORD,
	  .why = TRIGGERS_WHY },
	{ "max-size", 0, "SIZE", OPT_SIZE, OFF(max_size),
	  .help = "recordings: stop after 64M, 2G .. (default: no limit)", .verbs = TOP | RECORD,
	  .why = TRIGGERS_WHY },
	{ "ring", 0, "TIME|SIZE", OPT_RING, OFF(ring_ns),
	  .help = "flight recorder: keep the last 60s, 5m .. or 64M in memory and write them when "
		  "something "
		  "happens (--on-wait, --on-hold, --on-delay, SIGUSR1, key w, the target's end)",
	  .verbs = TOP | RECORD, .why = TRIGGERS_WHY },
	{ "on-wait", 0, "TIME", OPT_DURATION, OFF(on_wait_ns),
	  .help = "say so when a thread waits for the GIL for TIME (default: never)",
	  .verbs = TOP | RECORD, .why = TRIGGERS_WHY },
	{ "on-hold", 0, "TIME", OPT_DURATION, OFF(on_hold_ns),
	  .help = "say so when a thread holds the GIL for TIME, while it still does (default: "
		  "never)",
	  .verbs = TOP | RECORD, .why = TRIGGERS_WHY },
	{ "on-delay", 0, "PCT", OPT_PCT, OFF(on_delay_pct),
	  .help = "say so when a thread loses PCT % of an interval to the GIL", .max = 100,
	  .verbs = TOP | RECORD, .why = TRIGGERS_WHY },
	{ "max-files", 0, "N", OPT_U64, OFF(max_files),
	  .help = "flight recorder: write at most N files", .def = "10", .min = 1, .max = 1000000,
	  .verbs = TOP | RECORD, .why = TRIGGERS_WHY },
	{ "quiet-time", 0, "TIME", OPT_DURATION, OFF(quiet_ns),
	  .help = "flight recorder: after a file none for TIME", .def = "10s",
	  .verbs = TOP | RECORD, .why = TRIGGERS_WHY },
	{ "at", 0, "TIME", OPT_STR, OFF(at),
	  .help = "of a recording the moment so long after its start (12.5s, 3m), or at that time "
		  "of day "
		  "(14:03:07)",
	  .verbs = REPORT | DUMP },
	{ "check", 0, "EXPR", OPT_CHECKS, OFF(checks),
	  .help = "exit with 7 if this does not hold at the end: delay(MainThread)<10%, "
		  "p99(wait)<20ms, "
		  "hold_max<100ms, blame(parse_line)<50% .. (repeatable)",
	  .verbs = TOP | RECORD | REPORT | EXPORT | DIFF, .why = "it judges sums over a time" },
	{ "max-loss", 0, "N", OPT_U64, OFF(max_loss),
	  .help = "exit with 6 if more than N were lost, in totals and in detail together "
		  "(default: "
		  "never)",
	  .max = UINT64_MAX, .verbs = MEASURES },
	{ "max-self", 0, "PCT", OPT_U64, OFF(max_self_pct),
	  .help = "do less when giltop itself takes more than PCT % of a CPU, over ten seconds (0: "
		  "no "
		  "limit)",
	  .def = "20", .max = 100000, .verbs = TOP | RECORD, .why = "it is one look" },
	{ "mode", 0, "HOW", OPT_ENUM, OFF(mode),
	  .help = "exact (every hold is seen, at two traps each), light (contended ones alone) or "
		  "auto "
		  "(exact where --max-overhead allows it)",
	  .def = "auto", .names = mode_names, .verbs = MEASURES, .why = "it measures nothing" },
	{ "max-overhead", 0, "PCT", OPT_PCT, OFF(max_overhead_pct),
	  .help = "auto mode is exact while its probes cost a process at most PCT % of a CPU (0.5, "
		  "2 ..; 0: no limit)",
	  .def = "1", .max = 100000, .verbs = TOP | RECORD, .why = "it is one look" },
	{ "color", 0, "WHEN", OPT_ENUM, OFF(color),
	  .help = "auto, always or never (NO_COLOR is honoured)", .def = "auto",
	  .names = color_names, .verbs = TOP | REPORT, .harmless = true },
	{ "no-unicode", 'U', NULL, OPT_FLAG, OFF(no_unicode), .help = "draw with ASCII only",
	  .verbs = TOP | REPORT, .harmless = true },
	{ "attach", 0, "HOW", OPT_ENUM, OFF(attach),
	  .help = "auto, multi (uprobe_multi links) or perf (perf events)", .def = "auto",
	  .names = attach_names, .verbs = MEASURES, .why = "it attaches nothing" },
	{ "quiet", 'q', NULL, OPT_FLAG, OFF(quiet), .help = "errors only" },
	{ "verbose", 'v', NULL, OPT_COUNT, OFF(verbose),
	  .help = "say more; twice: libbpf's own words too" },
	{ "version", 'V', NULL, OPT_ACTION, .help = "print the version" },
	{ "help", 'h', NULL, OPT_ACTION, .help = "print this; after a verb: what that one takes" },
};

const size_t opt_cnt = ARRAY_SIZE(opt_table);
_Static_assert(ARRAY_SIZE(opt_table) <= OPT_MAX, "a bit for each option");

const struct opt_pair opt_pairs[] = {
	{ "text", "json", "one of them" },
	{ "text", "markdown", "one of them" },
	{ "markdown", "json", "one of them" },
	{ "text", "format", "one of them" },
	{ "markdown", "format", "one of them" },
	{ "pid", "all", "-a is all of them" },
	{ "no-subprocesses", "all", "-a is all of them" },
	{ "no-stacks", "min-hold", "there are no stacks then" },
	{ "no-stacks", "my-code", "there are no stacks then" },
};

const size_t opt_pair_cnt = ARRAY_SIZE(opt_pairs);

const struct verb_desc verb_table[VERB_CNT] = {
	[VERB_TOP] = { "top", "-p PID | -a | -- COMMAND ..",
		       "live view, or batch with -b (the default verb)", "sudo giltop -p 4242" },
	[VERB_RECORD] = { "record", "-p PID -o FILE [-f NAME]",
			  "measure into a file, in the format of -f",
			  "sudo giltop record -p 4242 -d 10s --weight blame -o blame.folded" },
	[VERB_REPORT] = { "report", "FILE.giltop",
			  "the live view over a recording; with -b text, with --json JSON lines",
			  "giltop report slow.giltop" },
	[VERB_EXPORT] = { "export", "-f NAME [-o FILE] FILE.giltop",
			  "a recording in the format of another tool: see exports.md",
			  "giltop export -f perfetto -o slow.pftrace slow.giltop" },
	[VERB_DIFF] = { "diff", "A B",
			"what got better and what worse, between two recordings or JSON files",
			"giltop diff before.giltop after.giltop" },
	[VERB_DUMP] = { "dump", "-p PID | FILE.giltop --at TIME",
			"one look: who holds, who waits since when, with Python stacks",
			"sudo giltop dump -p 4242" },
	[VERB_LIST] = { "list", "",
			"the Python processes of this machine and how their GIL was found",
			"sudo giltop list --json" },
	[VERB_DOCTOR] = { "doctor", "[-p PID]",
			  "what this kernel allows; with -p how the GIL is found",
			  "sudo giltop doctor -p 4242" },
	[VERB_HELP] = { "help", "[VERB]", "what a verb does, its options, an example",
			"giltop help record" },
};

const char *verb__name(enum verb v)
{
	return verb_table[v].name;
}

bool opt__is_for(const struct opt_desc *d, enum verb v)
{
	if (v == VERB_HELP)
		return d->type == OPT_ACTION;
	return !d->verbs || d->verbs & 1u << v;
}
