# Runs a script of the user's in place of an installation; comes behind install.sh.

custom() { # MANAGER; the script comes on standard input
	file=$(mktemp) || fail custom 'no room for a temporary file'
	why=$(cat 2>&1 >"$file") || {
		rm -f "$file"
		fail custom "$why"
	}
	# Most such scripts fetch what they install. One that does not may well do without.
	command -v curl >/dev/null || "$1" curl || true
	out=$(sh "$file" 2>&1 </dev/null) || {
		status=$?
		rm -f "$file"
		fail custom "$out
(exit status $status)"
	}
	rm -f "$file"
}
