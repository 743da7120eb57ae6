# SPDX-License-Identifier: BSD-2-Clause
# export: what is written in another format is the recording, to the unit.

load lib
load recordings

exports.py() { "$(default_python)" -S "$E2E_DIR/exports.py" "$@"; }

@test "csv: the rows of all intervals add up to the summary" {
	recorded demo_service.py 3s --mode exact -i 300ms
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export -o "$OPEN/x.csv" "$FILE"
	exports.py csv "$LIVE" "$OPEN/x.csv"
	"$GILTOP" export -f csv -t 1 "$FILE" | exports.py rows 0
}

@test "csv: a run that is over before its first interval is one; light: what was not seen is empty" {
	workload_start spin4.py 60
	workload_go
	"$GILTOP" record -f csv --mode light -p "$WL_PID" -d 300ms -o "$OPEN/x.csv" 3>&-
	exports.py light "$OPEN/x.csv"
}

@test "csv: names with quotes, commas and control characters are one cell; no cell is a formula" {
	needs_python stock-3.11
	hostile_start
	"$GILTOP" record -p "$WL_PID" -d 1s -o "$FILE" 3>&-
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export -o "$OPEN/x.csv" "$FILE"
	exports.py csv "$LIVE" "$OPEN/x.csv"
	exports.py no-formula "$OPEN/x.csv"
}

@test "folded and jsonl of a recording: the sums of its summary, the lines of report" {
	recorded demo_service.py 2s --mode exact
	"$GILTOP" report --json "$FILE" >"$LIVE"
	"$GILTOP" export -f jsonl "$FILE" | cmp - "$LIVE"
	"$GILTOP" export -f folded --unit ns "$FILE" >"$OPEN/folded"
	recordings.py folded "$LIVE" "$OPEN/folded"
	"$GILTOP" export --weight blame -o "$OPEN/x.svg" "$FILE"
	grep -q "</svg>" "$OPEN/x.svg"
}

# says TEXT ARGS..: giltop with these words does not even begin, and says so.
says() {
	local text=$1
	shift
	run -2 "$GILTOP" "$@"
	[[ $output == *"$text"* ]] || { echo "$output" && return 1; }
}

@test "export: what is missing or makes no sense is said" {
	says "export needs a FILE" export -f csv
	says "export needs -f: folded, " export x.giltop
	says "does not say which format" export -o x.nonsense x.giltop
	says "is a recording already" export -f giltop x.giltop
	says "is a recording already" export -o y.giltop x.giltop
	says "--pid has no effect with export" export -f csv -p 1 x.giltop
	says "did you mean folded?" export -f fold x.giltop
	says "--duration has no effect with export" export -f csv -d 1 x.giltop
	says "export reads one file" export -f csv x.giltop y.giltop
	run -1 "$GILTOP" export -f csv "$OPEN/none.giltop"
	[[ $output == *"cannot read "*"No such file"* ]]
	echo "no recording" >"$FILE"
	run -1 "$GILTOP" export -f csv "$FILE"
	[[ $output == *"is no recording of giltop"* ]]
}

@test "export: a full disk is an error, a file that is there stays, a closed pipe is quiet" {
	recorded demo_service.py 1s --mode exact
	run -1 "$GILTOP" export -f csv --force -o /dev/full "$FILE"
	[[ $output == *"No space left"* ]]
	echo mine >"$OPEN/x.csv"
	run -1 "$GILTOP" export -o "$OPEN/x.csv" "$FILE"
	[[ $output == *"exists: give another -o, or --force"* ]]
	[ "$(cat "$OPEN/x.csv")" = mine ]
	"$GILTOP" export -q -f csv "$FILE" 2>"$OPEN/said" | head -c 1 >"$OPEN/byte"
	[ ! -s "$OPEN/said" ]
}

@test "export: the recording that is read is not written over, by whatever name" {
	recorded demo_service.py 1s --mode exact
	sum=$(sha256sum <"$FILE")
	ln "$FILE" "$OPEN/other.csv"
	for to in "$FILE" "$OPEN/./rec.giltop" "$OPEN/other.csv"; do
		run -1 "$GILTOP" export -f csv --force -o "$to" "$FILE"
		[[ $output == *"is what is read: give another -o"* ]]
		run -1 "$GILTOP" report --json --force -o "$to" "$FILE"
		run -1 "$GILTOP" export -f csv --force -o "$to" - <"$FILE"
	done
	run -1 bash -c '"$0" export -f csv "$1" 1<>"$1"' "$GILTOP" "$FILE"
	[[ $output == *"stdout is what is read"* ]]
	run -1 "$GILTOP" export -f csv -o "$OPEN/new/" "$FILE"
	[[ $output == *"Is a directory"* ]]
	[ -z "$(find "$OPEN" -name '.giltop-*')" ]
	[ "$(sha256sum <"$FILE")" = "$sum" ]
}
