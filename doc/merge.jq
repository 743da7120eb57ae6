# SPDX-License-Identifier: BSD-2-Clause
# Another trace of the same process laid beside giltop's, as trace events in one file:
#	jq -n --slurpfile giltop slow.trace.json --slurpfile other other.json -f doc/merge.jq > both.json
# The other one's times are microseconds of the time of day (CLOCK_REALTIME), or since its baseTimeNanoseconds, as torch writes
# them; a list of events alone is fine, too. They are moved to giltop's clock, whose small numbers keep their nanoseconds.
$giltop[0] as $g
| $other[0] as $o
| (if $o | type == "array" then {traceEvents: $o} else $o end) as $o
| ((($o.baseTimeNanoseconds // 0) - $g.otherData.real_ns + $g.otherData.mono_ns) / 1000) as $shift
| $g
| .traceEvents += ($o.traceEvents | map(if has("ts") then .ts += $shift else . end))
