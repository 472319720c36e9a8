# Gives the host another name.

named() { # NAME FORM
	[ "$(cat /proc/sys/kernel/hostname)" = "$1" ] || printf %s "$1" >/proc/sys/kernel/hostname
	[ "$(cat /etc/hostname 2>/dev/null)" = "$1" ] || printf '%s\n' "$1" >/etc/hostname
	if [ "$2" = always ] || ! awk -v n="$1" '$NF == n { f = 1 } END { exit !f }' /etc/hosts; then
		hosts=$(awk -v line="127.0.1.1 $1" '
			/^127\.0\.1\.1[ \t]/ { if (!n++) print line; next }
			{ print }
			END { if (!n) print line }' /etc/hosts) &&
			[ "$(cat /etc/hosts)" != "$hosts" ] &&
			printf '%s\n' "$hosts" >/etc/hosts.machine-new &&
			{ mv -f /etc/hosts.machine-new /etc/hosts 2>/dev/null ||
				# where it is a mount of its own
				{ cat /etc/hosts.machine-new >/etc/hosts && rm -f /etc/hosts.machine-new; }; }
	fi
	true
}
