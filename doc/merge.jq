# SPDX-License-Identifier: BSD-2-Clause
# Another trace of the same process laid beside giltop's, as trace events in one file:
#	jq -n --slurpfile giltop slow.trace.json --slurpfile other other.json -f doc/merge.jq > both.json
# The other one's times may be CLOCK_MONOTONIC (VizTracer), the time of day (CLOCK_REALTIME), or since its baseTimeNanoseconds
# (torch); a list of events alone is fine, too. They are moved to giltop's clock, whose small numbers keep their nanoseconds.
#
# giltop's slices get rows of their own, "NAME: GIL". What is on one row must nest, and a thread goes on having the GIL from
# one span of the program into the next: viewers would drop such slices.

# Beyond the ids of threads, and of the rows that giltop makes for further GILs.
def own_row: . + 65 * 4194304;

def is_thread: .tid < 4194304 and (.ph == "X" or .ph == "s" or .ph == "f" or (.ph == "i" and .s == "t"));

def rows_of_their_own:
  if .ph == "M" and .name == "thread_sort_index" and .tid < 4194304 then
    .args.sort_index *= 2, (.tid |= own_row | .args.sort_index = .args.sort_index * 2 + 1)
  elif .ph == "M" and .name == "thread_sort_index" then .args.sort_index = .args.sort_index * 2 + 1
  elif .ph == "M" and .name == "thread_name" and .tid < 4194304 then ., (.tid |= own_row | .args.name += ": GIL")
  elif is_thread then .tid |= own_row
  else . end;

# What giltop's clock is ahead of the other one's, in microseconds. Of the epoch are times beyond 1973: no machine is up so long.
def shift($wall_ns):
  if .viztracer_metadata then 0
  elif .baseTimeNanoseconds then (.baseTimeNanoseconds - $wall_ns) / 1000
  elif ([.traceEvents[] | .ts // empty | tonumber] | max // 0) > 1e14 then -$wall_ns / 1000
  else 0 end;

def as_trace($name):
  if type == "array" then {traceEvents: .} else . end
  | if type == "object" and (.traceEvents | type) == "array" then .
    else error($name + " has no trace events: it is of another format") end;

($giltop[0] | as_trace("giltop") | if .otherData.giltop then . else error("giltop is no file of giltop -f chrome") end) as $g
| ($other[0] | as_trace("other") | if (.otherData | objects | .giltop) // false then error("other is of giltop, too") else . end) as $o
| ($o | shift($g.otherData.real_ns - $g.otherData.mono_ns)) as $shift
| $g
| .traceEvents |= map(rows_of_their_own)
| .traceEvents += ($o.traceEvents | map(if has("ts") then .ts |= tonumber + $shift else . end))
