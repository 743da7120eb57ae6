# SPDX-License-Identifier: BSD-2-Clause
# What cannot be measured is refused: one line that says why and what to do, and the exit code of the
# contract (2 usage, 3 permission, 4 no such process or not a CPython, 5 unsupported).

load lib
load run

setup() {
	needs_giltop
	e2e_setup
}

teardown() { e2e_teardown; }

pyenv_python() { # 2.7
	PYTHON=$(find "${PYENV_ROOT:-$HOME/.pyenv}/versions" -path "*/$1.*/bin/python$1" 2>/dev/null | head -1)
	[ -n "$PYTHON" ] || skip "no interpreter $1"
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"
}

# Everybody may run it, wherever the build directory is.
public_giltop() {
	install -m 755 "$GILTOP" "$BATS_TEST_TMPDIR/giltop"
	open_the_way
	GILTOP=$BATS_TEST_TMPDIR/giltop
}

@test "a pid that does not exist: 4" {
	sleep 0 &
	wait $!
	run -4 --separate-stderr "$GILTOP" -b -p $!
	one_line "no process with pid $!"
	[ -z "$output" ]
	run -4 --separate-stderr "$GILTOP" -b -p "$!,$$" -d 1
	one_line "no process with pid $!"
}

@test "a process that is no Python: 4, with its program" {
	sleep 100 3>&- &
	pid_start $!
	wait_for 5 grep -qx sleep "/proc/$!/comm"
	run -4 --separate-stderr "$GILTOP" -b -p $!
	one_line "pid $! is not a CPython (exe "
	[[ $stderr == *"/sleep)"* ]]
}

@test "a shell with a Python child: 4, and the hint to the child" {
	"$PYTHON" -c 1
	sh -c "'$PYTHON' -c 'import time; open(\"$BATS_TEST_TMPDIR/runs\", \"w\"); time.sleep(100)'; :" 3>&- &
	local sh=$! child
	pid_start $sh
	wait_for 5 pgrep -P $sh
	child=$(pgrep -P $sh)
	pid_start "$child"
	wait_for 10 test -e "$BATS_TEST_TMPDIR/runs"
	run -4 --separate-stderr "$GILTOP" -b -p $sh
	one_line "its child $child is ("
	[[ $stderr == *"try -p $child or -s" ]]
	run -0 --separate-stderr "$GILTOP" -b -p $sh -s -d 0.3
	[[ $output == *"pid $child "* ]]
}

@test "a kernel thread and a zombie: 4" {
	if [ -e /proc/2/exe ] || [ -e /proc/2/status ]; then
		run -4 --separate-stderr "$GILTOP" -b -p 2
		one_line "pid 2"
	fi
	python_start '
import os, time
pid = os.fork() or os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print("ready", pid)
time.sleep(1000)'
	local zombie
	zombie=$(cut -d' ' -f2 "$WL_OUT")
	run -4 --separate-stderr "$GILTOP" -b -p "$zombie"
	one_line "pid $zombie"
}

# A process that is being looked at may end at any moment: that is no failure of anything.
@test "a process that ends while it is looked at: measured, or 4 and that it has ended" {
	local i measured=0 gone=0
	for i in {1..12}; do
		"$PYTHON" -S -c "import time; time.sleep(0.$((RANDOM % 800 + 100)))" 3>&- &
		run --separate-stderr "$GILTOP" --json -p $! -d 0.1
		wait $!
		case $status in
		0) measured=$((measured + 1)) ;;
		4)
			gone=$((gone + 1))
			[[ $stderr == "giltop: "*@("has ended"|"no process with pid")* ]] && one_line ""
			;;
		*) false ;;
		esac
	done
	echo "$measured measured, $gone gone"
}

@test "Python 2.7: 5, and what it is" {
	pyenv_python 2.7
	python_start 'import time; print("ready"); time.sleep(1000)'
	run -5 --separate-stderr "$GILTOP" -b -p "$WL_PID"
	one_line "Python"
	[[ $stderr == *"older than 3.7"* ]]
	run -5 --separate-stderr "$GILTOP" doctor -p "$WL_PID"
	[[ $output == *"refused"* || $stderr == *"older than 3.7"* ]]
	[[ ${lines[-1]} == "this process can be measured: no, because "*"older than 3.7"* ]]
	run -0 "$GILTOP" list
	[[ $output == *"$WL_PID "*"older than 3.7"* ]]
}

@test "Python 3.6: 5" {
	pyenv_python 3.6
	python_start 'import time; print("ready"); time.sleep(1000)'
	run -5 --separate-stderr "$GILTOP" -b -p "$WL_PID"
	one_line "3.6 or older"
	run -5 --separate-stderr "$GILTOP" doctor -p "$WL_PID"
	[[ ${lines[-1]} == "this process can be measured: no, because "*"3.6 or older"* ]]
}

# A copy of the stock interpreter in which the texts that mark the GIL's calls are gone.
@test "an interpreter whose failure strings are not there: 5, nothing is probed" {
	needs_python stock-3.11
	sed 's/take_gil: NULL tstate/tXke_gXl: NXLL tstXte/g; s/PyCOND_\(WAIT\|TIMEDWAIT\|SIGNAL\)(gil/PyXXND_\1(gXl/g
		s/PyMUTEX_\(LOCK\|UNLOCK\)(gil/PyMXTEX_\1(gXl/g; s/gil->/gXl->/g' "$PYTHON" >"$BATS_TEST_TMPDIR/python3.11"
	echo >>"$BATS_TEST_TMPDIR/python3.11" # one build-id and one size are one file, if the other runs on this machine
	run -1 cmp -s "$PYTHON" "$BATS_TEST_TMPDIR/python3.11"
	chmod 755 "$BATS_TEST_TMPDIR/python3.11"
	PYTHON=$BATS_TEST_TMPDIR/python3.11
	python_start "$SPIN"
	run -5 --separate-stderr "$GILTOP" -b -p "$WL_PID" -d 1
	one_line "$PYTHON"
	[ -z "$output" ]
	run "$GILTOP" list
	[[ $output == *"$WL_PID "*"refused: "* ]]
}

# doctor says where the calls are; in the copy one of them calls something else.
@test "an interpreter with a release site that calls something else: 5, nothing is probed" {
	needs_python stock-3.11
	python_start "$SLEEP"
	"$GILTOP" doctor -p "$WL_PID" >"$BATS_TEST_TMPDIR/sites"
	local off
	off=$(awk '$1 == "release" && $4 == "call" { print $3; exit }' "$BATS_TEST_TMPDIR/sites")
	[ -n "$off" ]
	cp "$PYTHON" "$BATS_TEST_TMPDIR/python3.11"
	python3 - "$BATS_TEST_TMPDIR/python3.11" "$off" <<-'END'
	import sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(int(sys.argv[2], 16))
	    assert f.read(1) == b"\xe8"
	    f.seek(int(sys.argv[2], 16))
	    f.write(b"\x0f\x1f\x44\x00\x00")
	END
	PYTHON=$BATS_TEST_TMPDIR/python3.11
	python_start "$SLEEP"
	run -5 --separate-stderr "$GILTOP" -b -p "$WL_PID" -d 1
	one_line "$PYTHON"
	[ -z "$output" ]
}

# The file is fine, the process's memory is not (a debugger, a hot patch).
@test "memory that differs from the file at a probe point: 5, nothing is probed" {
	needs_cap sys_ptrace
	python_start "$SLEEP"
	"$GILTOP" doctor -p "$WL_PID" >"$BATS_TEST_TMPDIR/sites"
	python3 - "$WL_PID" "$BATS_TEST_TMPDIR/sites" <<-'END'
	import sys
	off = [int(l.split()[2], 16) for l in open(sys.argv[2]) if l.split()[:1] == ["acquire"]][0]
	for line in open("/proc/%s/maps" % sys.argv[1]):
	    f = line.split()
	    lo, hi = (int(x, 16) for x in f[0].split("-"))
	    at = lo + off - int(f[2], 16)
	    if "x" in f[1] and lo <= at < hi and "python" in line:
	        break
	with open("/proc/%s/mem" % sys.argv[1], "r+b", 0) as mem:
	    mem.seek(at)
	    mem.write(b"\x90")
	END
	run -5 --separate-stderr "$GILTOP" -b -p "$WL_PID" -d 1
	one_line "is not what the file holds"
}

# The ids in there are not those that the kernel's events have.
@test "with the /proc of another pid namespace: 5, and how to get its own" {
	needs_cmd unshare
	run -5 --separate-stderr unshare --pid --fork "$GILTOP" -b -p 1 -d 1
	one_line "mount -t proc"
	run -5 --separate-stderr unshare --pid --fork "$GILTOP" -b -- "$PYTHON" -c 'print("not started")'
	[ -z "$output" ]
	one_line "mount -t proc"
}

@test "in a pid namespace of its own a command is measured" {
	needs_cmd unshare
	run -0 --separate-stderr unshare --pid --fork --mount-proc "$GILTOP" -b -- "$PYTHON" -c 'print("started")'
	[[ $output == *started* ]]
	[[ $output == *CPython* ]]
}

@test "an ordinary user: 3, in our words" {
	needs_root
	needs_cmd setpriv
	public_giltop
	python_start "$SLEEP"
	run -3 --separate-stderr as_nobody "$GILTOP" -b -p "$WL_PID"
	one_line "needs root, or CAP_BPF+CAP_PERFMON+CAP_SYS_PTRACE; try: sudo giltop"
	run -3 --separate-stderr as_nobody "$GILTOP" -b -- true
	one_line "needs root"
	run -0 --separate-stderr as_nobody "$GILTOP" list
	[[ $output == *"sudo giltop list"* ]]
	run -3 as_nobody "$GILTOP" doctor
	[[ $output == *"NO   privileges"* ]]
	run -4 --separate-stderr as_nobody "$GILTOP" -b -p 999999999
	one_line "no process"
}

@test "root without capabilities: 3" {
	needs_root
	needs_cmd setpriv
	python_start "$SLEEP"
	run -3 --separate-stderr setpriv --bounding-set=-all --inh-caps=-all "$GILTOP" -b -p "$WL_PID"
	one_line "needs root, or CAP_BPF"
}

@test "CAP_BPF and CAP_PERFMON, but not CAP_SYS_PTRACE: 3, which one is missing" {
	needs_root
	needs_cmd setpriv
	public_giltop
	python_start "$SLEEP"
	run -3 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps=-all,+bpf,+perfmon --ambient-caps=+bpf,+perfmon "$GILTOP" -b -p "$WL_PID"
	one_line "CAP_SYS_PTRACE"
}

@test "the three capabilities without root, by perf events: it works, or says that CAP_SYS_ADMIN is missing" {
	needs_root
	needs_cmd setpriv
	public_giltop
	python_start "$SPIN"
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps=-all,+bpf,+perfmon,+sys_ptrace --ambient-caps=+bpf,+perfmon,+sys_ptrace \
		"$GILTOP" -b --attach=perf -p "$WL_PID" -d 0.5
	echo "$output" "$stderr"
	case $status in
	0) [[ $output == *"self-checks against the target's memory: "*", disagreements: 0"* ]] ;;
	3) one_line "by perf events need root, or CAP_SYS_ADMIN and CAP_SYS_PTRACE; try: sudo giltop" ;;
	*) false ;;
	esac
}

@test "the three capabilities without root: it works where the kernel has uprobe_multi links" {
	needs_root
	needs_cmd setpriv jq
	public_giltop
	python_start "$SPIN"
	local want=3
	[ "$("$GILTOP" --json -p "$WL_PID" -d 0.1 | jq -r 'select(.type == "meta").attach')" != uprobe_multi ] || want=0
	run -$want --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps=-all,+bpf,+perfmon,+sys_ptrace --ambient-caps=+bpf,+perfmon,+sys_ptrace \
		"$GILTOP" -b -p "$WL_PID" -d 0.5
	echo "$output" "$stderr"
	[ "$want" -ne 0 ] || [[ $output == *"self-checks against the target's memory: "*", disagreements: 0"* ]]
	[ "$want" -ne 3 ] || one_line "CAP_SYS_ADMIN"
}

@test "no kernel type information: 5" {
	python_start "$SLEEP"
	run -5 --separate-stderr env GILTOP_BTF=/nonexistent "$GILTOP" -b -p "$WL_PID"
	one_line "no BTF (/nonexistent is missing"
	run -5 env GILTOP_BTF=/nonexistent "$GILTOP" doctor
	[[ $output == *"NO   kernel type information"* ]]
}

@test "a kernel without bpf(2) (ENOSYS): 5" {
	python_start "$SLEEP"
	run -5 --separate-stderr "$BUILD/nobpf" 38 "$GILTOP" -b -p "$WL_PID"
	one_line "has no bpf(2)"
}

@test "bpf(2) is forbidden (EPERM, as in a container): 3" {
	python_start "$SLEEP"
	run -3 --separate-stderr "$BUILD/nobpf" 1 "$GILTOP" -b -p "$WL_PID"
	one_line "cannot load BPF programs"
}

@test "wrong use: 2, one line, nothing on stdout" {
	local line
	while read -r line; do
		echo "giltop $line"
		# shellcheck disable=SC2086
		run -2 --separate-stderr "$GILTOP" $line
		one_line "; see giltop --help"
		[ -z "$output" ]
	done <<-'END'
	-p
	-p x
	-p 0
	--nonsense
	-Z
	-b
	--json
	-b -p 1 -d x
	-b -p 1 -i 0
	-b -p 1 -n 0
	-b -p 1 --sort nonsense
	-b -p 1 --weight nonsense
	-b -p 1 -- true
	-a -- true
	--
	frobnicate
	record -p 1
	record -p 1 -o x.nonsense
	report
	diff x
	record -p 1 -o x
	--help=klingon
	-b -p 1 --weight wait
	-b -p 1 -f jsonl
	-b -p 1 --unit ns
	record -p 1 -o x.jsonl --merge-threads
	record -p 1 -o - --sort tid
	dump -p 1 -i 1
	list -p 1
	doctor --json
	-p 1 --text --json
	-p 1 -a
	END
}

@test "an option without effect: 2, where it has one" {
	run -2 --separate-stderr "$GILTOP" -b -p 1 --weight wait
	one_line "--weight has no effect with top: it is for record and export -f folded or svg"
	run -2 --separate-stderr "$GILTOP" -b -p 1 -f jsonl
	one_line "JSON lines with --json"
	run -2 --separate-stderr "$GILTOP" list -p 1
	one_line "giltop doctor -p PID"
}

@test "a mistyped word: 2, and the one that it is most like" {
	run -2 --separate-stderr "$GILTOP" -b -p 1 --durration 3
	one_line "unknown option '--durration'; did you mean --duration?"
	run -2 --separate-stderr "$GILTOP" recrod -p 1
	one_line "did you mean record?"
	run -2 --separate-stderr "$GILTOP" -b -p 1 --sort blam
	one_line "did you mean blame?"
}

@test "a tid where a pid belongs: 4, and the command that is meant" {
	python_start "$SPIN"
	local tid
	wait_for 10 test -e "/proc/$WL_PID/task/$(ls "/proc/$WL_PID/task" | grep -vx "$WL_PID" | head -1)"
	tid=$(ls "/proc/$WL_PID/task" | grep -vx "$WL_PID" | head -1)
	run -4 --separate-stderr "$GILTOP" -b -p "$tid" -d 1
	one_line "$tid is a thread of $WL_PID ("
	[[ $stderr == *"): giltop -p $WL_PID -t $tid" ]]
	run -4 --separate-stderr "$GILTOP" dump -p "$tid"
	[[ $stderr == *"): giltop dump -p $WL_PID" ]]
	run -4 --separate-stderr "$GILTOP" doctor -p "$tid"
	one_line "): giltop doctor -p $WL_PID"
}

@test "-t that is no thread of it: 4, and which there are; with others a warning" {
	python_start "$SPIN"
	run -4 --separate-stderr "$GILTOP" -b -p "$WL_PID" -t $$ -d 1
	one_line "no thread of what is measured: $$ (a process of its own); threads of $WL_PID: $WL_PID ("
	[ -z "$output" ]
	run -0 --separate-stderr "$GILTOP" -b -p "$WL_PID" -t "999999999,$WL_PID" -d 0.2
	one_line "no thread of what is measured: 999999999; threads of $WL_PID"
	run -0 --separate-stderr "$GILTOP" -b -p "$WL_PID" -t "$WL_PID" -d 0.2
	[ -z "$stderr" ]
}

@test "doctor ends with whether it can be measured, and if not why" {
	last_line_is() {
		echo "$output"
		[[ ${lines[-1]} == $1 ]]
	}
	run -0 --separate-stderr "$GILTOP" doctor
	last_line_is "this machine can run giltop: yes"
	python_start "$SLEEP"
	run -0 --separate-stderr "$GILTOP" doctor -p "$WL_PID"
	last_line_is "this process can be measured: yes"
	run -4 --separate-stderr "$GILTOP" doctor -p $$
	last_line_is "this process can be measured: no, because pid $$ is not a CPython*"
	run -4 --separate-stderr "$GILTOP" doctor -p 999999999
	last_line_is "this process can be measured: no, because there is no process with pid 999999999"
	run -5 --separate-stderr env GILTOP_BTF=/nonexistent "$GILTOP" doctor
	last_line_is "this machine can run giltop: no, because this kernel has no kernel type information (/nonexistent)"
	needs_root
	needs_cmd setpriv
	public_giltop
	run -3 --separate-stderr as_nobody "$GILTOP" doctor
	last_line_is "this machine can run giltop: no, because it takes root, or CAP_BPF*"
	run -3 --separate-stderr as_nobody "$GILTOP" doctor -p "$WL_PID"
	last_line_is "this process can be measured: no, because giltop may not look into pid $WL_PID*"
}

# A process that even root may not look into: one whose memory a kernel keeps to itself. Here the refusal is made by
# taking the capability away.
@test "to root nobody says sudo" {
	needs_root
	needs_cmd setpriv
	python_start "$SLEEP"
	run -3 --separate-stderr setpriv --bounding-set=-all --inh-caps=-all "$GILTOP" -b -p "$WL_PID"
	one_line "needs root, or CAP_BPF"
	[[ $stderr != *sudo* ]]
}

@test "only warnings are left with -q" {
	python_start "$SLEEP"
	run -0 --separate-stderr "$GILTOP" -q -b -p "$WL_PID" -d 0.2
	[ -z "$stderr" ]
	run -4 --separate-stderr "$GILTOP" -q -b -p 999999999
	one_line "no process"
}
