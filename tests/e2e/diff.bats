# SPDX-License-Identifier: BSD-2-Clause
# giltop diff: a workload with and without a hog, one way and the other.

load lib
load run
load flamegraph

CALM=$BATS_FILE_TMPDIR/calm.json
HOG=$BATS_FILE_TMPDIR/hog.json

setup() {
	needs_giltop
	e2e_setup
	[ -e "$HOG" ] || runs
}

teardown() { e2e_teardown; }

# Of different length, so that what is not normalised shows.
runs() {
	measured calm 3 -o "$CALM" --json
	measured hog 2 -o "$HOG" --json
}

measured() { # KIND SECONDS OPTION..
	"$GILTOP" -b --mode exact -i 1 --force "${@:3}" -- "$PYTHON" -S "$WORKLOADS/hogged.py" "$1" "$2" 3>&-
}

@test "diff: with a hog it is worse, and the hog's function is named; the other way it is better" {
	run -0 --separate-stderr "$GILTOP" diff "$CALM" "$HOG"
	echo "$output"
	[ -z "$stderr" ]
	[[ ${output//$'\n'/ } =~ ^"delay of all threads "[0-9.]+"% -> "[0-9.]+"% of the time: worse; most of it: hog in crunch (hogged.py:" ]]
	grep -q '^worker-\* .* worse$' <<<"$output"
	grep -q '^hog  *-  *[0-9.]*%  *new$' <<<"$output"
	[ "$(awk '{ if (length($0) > max) max = length($0) } END { print max }' <<<"$output")" -le 80 ]
	run -0 --separate-stderr "$GILTOP" diff "$HOG" "$CALM"
	[[ ${output//$'\n'/ } =~ ^"delay of all threads "[0-9.]+"% -> "[0-9.]+"% of the time: better; most of it: hog in crunch (hogged.py:" ]]
	grep -q '^hog  *[0-9.]*%  *-  *gone$' <<<"$output"
}

@test "diff: two runs of the same are about the same, and a file is what it is" {
	local again=$BATS_TEST_TMPDIR/again.json
	measured calm 3 -o "$again" --json
	run -0 "$GILTOP" diff --json "$CALM" "$again"
	echo "$output" | grep '"figure":"delay"'
	echo "$output" | grep '"kind":"threads"' | grep '"threads":"worker-\*"' | grep '"figure":"delay"' | grep -qE '"same"|"(a|b)":0\.0[0-9]*'
	run -0 "$GILTOP" diff "$HOG" "$HOG"
	[[ $output == *"of the time: about the same"* ]]
	! grep -E ' (better|worse|more|less|new|gone)$' <<<"$output" || return 1
}

@test "diff: the figures are those of the summaries" {
	"$GILTOP" diff --json "$CALM" "$HOG" | python3 "$E2E_DIR/diff.py" "$CALM" "$HOG"
	"$GILTOP" diff --json "$HOG" "$CALM" | python3 "$E2E_DIR/diff.py" "$HOG" "$CALM"
}

@test "diff: checks are of B, changes from A to B" {
	run -7 --separate-stderr "$GILTOP" diff "$CALM" "$HOG" --check 'change(delay(worker-*))<5%' --check 'delay(worker-*)<5%' \
		--check 'change(delay(worker-*))>5%' -o "$BATS_TEST_TMPDIR/x"
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ ${stderr_lines[0]} =~ ^'giltop: check broken: change(delay(worker-*))<5%: it went from '[0-9.]+'% to '[0-9.]+'%: +'[0-9.]+%$ ]]
	[[ ${stderr_lines[1]} =~ ^'giltop: check broken: delay(worker-*)<5%: worker-' ]]
	run -0 --separate-stderr "$GILTOP" diff "$HOG" "$CALM" --check 'change(delay(worker-*))<-5%' --check 'delay(worker-*)<50%' --json
	[ -z "$stderr" ]
	[ "$(grep -c '"type":"check".*"result":"holds"' <<<"$output")" -eq 2 ]
	run -7 --separate-stderr "$GILTOP" diff "$HOG" "$CALM" --check 'change(delay(hog))<5%'
	[[ $stderr == *"no thread called hog was seen (in B)" ]]
}

@test "diff -f folded: two weights a line, which a differential flame graph is made of" {
	local folded=$BATS_TEST_TMPDIR/d.folded svg=$BATS_TEST_TMPDIR/d.svg
	run -0 --separate-stderr "$GILTOP" diff -f folded --weight blame "$CALM" "$HOG" -o "$folded"
	[[ $stderr == "giltop: stacks of A, 3"*" are scaled to the 2"*" of B: times 0."* ]]
	! grep -vE '^hogged\.py;[^;]+;.* [0-9]+ [0-9]+$' "$folded" || return 1
	! grep -E '\.py:[0-9]|\([0-9]+\)' "$folded" || return 1
	grep -qE '^hogged.py;hog;.*;spin \(hogged.py\);crunch \(hogged.py\) 0 [1-9][0-9]{5,}$' "$folded"
	# The workers' holds are of 50 us: whether a look finds one in crunch() is chance.
	grep -qE '^hogged.py;worker-\*;.*;serve \(hogged.py\).* [1-9][0-9]* [0-9]+$' "$folded"
	needs_cmd xmllint
	flamegraph --title="blame" "$folded" >"$svg"
	xmllint --noout "$svg"
	grep -q '<title>crunch (hogged.py) (.* us, [0-9.]*%; +[0-9.]*%)' "$svg"
}

@test "diff: of recordings it is the same text as of their JSON; report judges as the run itself did" {
	local one="$BATS_TEST_TMPDIR/one" two="$BATS_TEST_TMPDIR/two" kind option
	for kind in calm hog; do
		run --separate-stderr "$GILTOP" record --mode exact -q -o "$BATS_TEST_TMPDIR/$kind.giltop" --check 'delay(worker-*)<20%' \
			-- "$PYTHON" -S "$WORKLOADS/hogged.py" "$kind" 2 3>&-
		local status_then=$status stderr_then=$stderr
		run --separate-stderr "$GILTOP" report -q --json -o "$BATS_TEST_TMPDIR/$kind.json" --check 'delay(worker-*)<20%' \
			"$BATS_TEST_TMPDIR/$kind.giltop"
		[ "$status" -eq "$status_then" ]
		[ "$stderr" = "$stderr_then" ]
	done
	[ "$status" -eq 7 ]
	cd "$BATS_TEST_TMPDIR"
	for option in "" --json "-f folded --weight wait" "-f folded --weight hold" "-f folded --weight blame"; do
		# shellcheck disable=SC2086
		"$GILTOP" diff -q $option calm.giltop hog.giltop | sed -E 's/(calm|hog)\.giltop/\1.json/g' >"$one"
		# shellcheck disable=SC2086
		"$GILTOP" diff -q $option calm.json hog.json >"$two"
		[ -s "$one" ]
		cmp "$one" "$two"
	done
	run -0 "$GILTOP" diff -q calm.giltop hog.json
	[[ $output == *"worse; most of it: hog in"* ]]
	run -1 --separate-stderr "$GILTOP" diff <(cat calm.giltop) hog.json 3>&-
	one_line "give its file"
}

@test "diff: what is no run of giltop is refused in one line" {
	local none=$BATS_TEST_TMPDIR/none
	run -1 --separate-stderr "$GILTOP" diff "$CALM" /nonexistent
	one_line "cannot read /nonexistent: ENOENT"
	run -1 --separate-stderr "$GILTOP" diff "$WORKLOADS/hogged.py" "$CALM"
	one_line "it is neither a recording nor what --json writes"
	tail -1 "$CALM" >"$none"
	run -1 --separate-stderr "$GILTOP" diff "$none" "$CALM"
	one_line "begins with a meta record"
	head -2 "$CALM" >"$none"
	run -1 --separate-stderr "$GILTOP" diff "$none" "$CALM"
	one_line "it has no summary record"
	head -c -100 "$CALM" >"$none"
	run -1 --separate-stderr "$GILTOP" diff "$none" "$CALM"
	one_line "cut off"
	"$GILTOP" -b --json -o "$none" --force -- true 3>&-
	run -1 --separate-stderr "$GILTOP" diff "$CALM" "$none"
	one_line "no thread was measured in it"
	run -2 --separate-stderr "$GILTOP" diff "$CALM"
	one_line "diff needs two files"
	run -2 --separate-stderr "$GILTOP" diff -f svg "$CALM" "$HOG"
	one_line "diff writes text"
	run -2 --separate-stderr "$GILTOP" diff --weight hold "$CALM" "$HOG"
	one_line "diff -f folded"
	run -2 --separate-stderr "$GILTOP" diff -f folded --weight chain "$CALM" "$HOG"
	one_line "chain"
}

@test "diff: without privileges, from a pipe, and hundreds of MB of other lines in little memory" {
	local big=$BATS_TEST_TMPDIR/big.json
	run -0 setpriv --bounding-set=-all --inh-caps=-all "$GILTOP" diff <(cat "$CALM") <(cat "$HOG") 3>&-
	[[ $output == *": worse; most of it: hog in"* ]]
	{
		head -1 "$CALM"
		for _ in $(seq 3000); do sed -n 2p "$CALM"; done
		tail -1 "$CALM"
	} >"$big"
	python3 - "$GILTOP" "$big" "$HOG" <<-'END'
		import os, resource, subprocess, sys
		subprocess.run([sys.argv[1], "diff", *sys.argv[2:]], check=True, stdout=subprocess.DEVNULL)
		kb, mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, os.path.getsize(sys.argv[2]) >> 20
		print(kb, "KB for a file of", mb, "MB")
		assert kb < 30000 and mb > 20
	END
}
