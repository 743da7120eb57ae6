# SPDX-License-Identifier: BSD-2-Clause
# The names of code that is not there for long: made of strings and freed, at addresses that are used again; of a
# command that is over before anybody looks.

load lib

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

# Each stack with frames of made_up.py must be one that was, line by line, and most stacks have some.
names_are_true() { # FOLDED
	python3 - "$1" <<-'END'
		import re, sys
		made = freed = 0
		for line in open(sys.argv[1], encoding="utf-8"):
		    frames = line.rsplit(" ", 1)[0].split(";")
		    found = [re.match(r"(work|call)_(\d+) \(<made-up-(\d+)>(?::(\d+))?\)", f) for f in frames]
		    found = [f for f in found if f]
		    freed += sum(f.startswith("[freed code]") for f in frames)
		    made += bool(found)
		    assert len({n for f in found for n in f.group(2, 3)}) <= 1, line
		    assert [f.group(1) for f in found] in ([], ["call"], ["call", "work"]), line
		    for f in found:
		        assert f.group(4) in ((None, "4", "5") if f.group(1) == "call" else (None, "1", "2", "3")), line
		print("%d stacks, %d frames without a name" % (made, freed))
		assert made >= 5 and freed * 50 <= made
	END
}

made_up() { # NAME of lib.bash's interpreters
	needs_python "$1"
	WL_OUT=$BATS_TEST_TMPDIR/made_up.out
	"$PYTHON" "$WORKLOADS/made_up.py" 60 >"$WL_OUT" 3>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 20 workload_said ready
	"$GILTOP" record --mode exact -p "$WL_PID" -d 3 -f folded --weight hold -o "$BATS_TEST_TMPDIR/folded" 3>&-
	names_are_true "$BATS_TEST_TMPDIR/folded"
}

@test "freed code keeps its name, its address gives none to others: stock 3.11" { made_up stock-3.11; }
@test "freed code keeps its name, its address gives none to others: 3.8" { made_up pyenv-3.8; }
@test "freed code keeps its name, its address gives none to others: 3.13" { made_up pyenv-3.13; }

@test "a command that is over before the first refresh has the names of its code" {
	"$GILTOP" record --mode exact -f folded --weight hold -o "$BATS_TEST_TMPDIR/folded" -- \
		"$PYTHON" "$WORKLOADS/made_up.py" 0.3 3>&-
	names_are_true "$BATS_TEST_TMPDIR/folded"
	grep -q 'make_and_run (made_up.py:[0-9]' "$BATS_TEST_TMPDIR/folded"
}
