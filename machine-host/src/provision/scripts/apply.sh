# Puts files in place and has the daemon run with them, or puts everything back.
# Wants: port_hex, port_limit, turn_limit (seconds), enable (yes or nothing).
# Calls in order: begin; put and drop for each file; dry_run and named.sh's where they apply; finish.
# Prints `@KEY VALUE` and texts as look.sh does.

pending=/run/docker-machine.pending
staged='' removed='' changed='' file='' reload=''

text() { # KEY; the text comes on standard input
	printf '@%s\n' "$1"
	tail -c 16384 | sed 's/^/ /'
	echo # the last line may lack its end
}
fail() { # WHAT WHY
	printf '@failed %s\n' "$1"
	printf '%s\n' "$2" | text why
	exit 1
}
listening() {
	grep -qs ":$port_hex 0*:0000 0A" /proc/net/tcp /proc/net/tcp6
}
active() {
	[ "$(systemctl is-active docker.service)" = active ]
}
waits() { # for its turn: containers end, or a host that boots has no network yet
	case $(systemctl show docker.service -p ActiveState) in
	*=inactive | *=deactivating) [ "$(date +%s)" -lt "$1" ] ;;
	*) false ;;
	esac
}
restart() { # UNITS...
	timeout "$port_limit" systemctl restart "$@" docker.service 2>&1 && return
	case $? in 124 | 143) ;; *) return 1 ;; esac
	turn=$(($(date +%s) + turn_limit))
	waits $turn || return 1
	while waits $turn; do
		sleep 1
	done
	timeout "$port_limit" systemctl start docker.service 2>&1
}

begin() {
	# Whoever started us may be gone before the end; half a configuration would be worse.
	trap '' HUP PIPE
	umask 022
	if command -v flock >/dev/null; then
		exec 9>/run/docker-machine.lock
		flock -w 60 9 || fail busy 'another docker-machine is at work on this host'
	fi
	# Files that an interrupted run has put in place, but the daemon may not have read.
	[ ! -e $pending ] || changed=yes reload=yes
}

touches() { # PATH
	changed=yes
	case $1 in */systemd/*) reload=yes ;; esac
}

put() { # UMASK PATH; the content comes on standard input
	file=$2
	new=$(cat)
	if [ -f "$file" ] && [ "$(cat "$file")" = "$new" ]; then
		[ "$1" != 077 ] || chmod 600 "$file"
		[ ! -e "$file.machine-old" ] || staged="$staged $file"
		return
	fi
	touches "$file"
	why=$(
		exec 2>&1
		[ -d "${file%/*}" ] || mkdir -p "${file%/*}" || exit
		[ ! -e "$file" ] || cp -p "$file" "$file.machine-old" || exit
		[ ! -e "$file.machine-new" ] || rm -f "$file.machine-new" || exit
		umask "$1"
		# cat says why it cannot write; not every shell does
		printf '%s\n' "$new" | cat >"$file.machine-new"
	) || unstage write "$why"
	staged="$staged $file"
}

drop() { # PATH
	file=$1
	[ -e "$file" ] || return 0
	touches "$file"
	why=$(cp -p "$file" "$file.machine-old" 2>&1) || unstage write "$why"
	removed="$removed $file"
}

unstage() { # WHAT WHY
	for f in $staged $removed $file; do
		rm -f "$f.machine-new" "$f.machine-old"
	done
	fail "$1" "$2"
}

dry_run() { # PROGRAM ARGUMENTS...
	[ -n "$changed" ] || return 0
	daemon=$1
	shift
	why=$(timeout "$port_limit" "$daemon" --validate "$@" 2>&1) || case $why in
	*--validate*) ;; # an engine before 23.0
	*) unstage options "$why" ;;
	esac
}

# Lets the daemon start that an installation was to leave alone.
unblock() {
	for dir in /run/systemd/system/docker.service.d /run/systemd/system/docker.socket.d; do
		[ -e $dir/machine-wait.conf ] || continue
		rm -f $dir/machine-wait.conf
		rmdir $dir 2>/dev/null
		changed=yes reload=yes
	done
}

# What the daemon said for itself since then. The journal may get it after systemd has told that the
# daemon ended, and the host's clock may jump, so no time is asked for.
log() {
	tries=0
	while :; do
		journalctl --sync 2>/dev/null
		said=$(journalctl -u docker.service ${since:+--after-cursor="$since"} -n 200 -o cat --no-pager 2>/dev/null)
		case $said in
		*level=* | *unknown* | *invalid* | *'failed to '* | *'unable to '*) break ;;
		esac
		[ $tries -lt 20 ] || break
		tries=$((tries + 1))
		sleep 0.1 2>/dev/null || sleep 1
	done
	printf '%s\n' "$said" | text log
}

undo() { # WHAT WHY
	log
	if [ -n "$staged$removed" ]; then
		for f in $staged $removed; do
			if [ -e "$f.machine-old" ]; then
				mv -f "$f.machine-old" "$f"
			else
				rm -f "$f" "$f.machine-new"
			fi
		done
		[ -z "$reload" ] || systemctl daemon-reload
		systemctl kill -s KILL docker.service 2>/dev/null
		systemctl reset-failed docker.service docker.socket 2>/dev/null
		restart >/dev/null
		echo '@restored yes'
	fi
	if active; then
		rm -f $pending
		echo '@engine running'
	fi
	fail "$1" "$2"
}

# A daemon that binds the socket itself, as Docker Machine tells it to, removes the file when it
# ends; systemd then listens on a socket that nobody can find.
lost_socket() {
	[ ! -S /run/docker.sock ] && [ "$(systemctl is-active docker.socket)" = active ] || return 1
	socket=$(systemctl show docker.socket -p Listen | sed -n 's/^Listen=\(.*\) (Stream)$/\1/p')
	[ -n "$socket" ] && [ ! -S "$socket" ]
}

finish() {
	unblock
	since=$(journalctl -n 0 --show-cursor --no-pager 2>/dev/null | sed -n 's/^-- cursor: //p')
	[ -z "$staged$removed" ] || : >$pending
	for f in $staged; do
		[ ! -e "$f.machine-new" ] || why=$(mv -f "$f.machine-new" "$f" 2>&1) || undo write "$why"
	done
	for f in $removed; do
		rm -f "$f"
	done
	if [ -n "$changed" ] || ! active || ! listening; then
		[ -z "$reload" ] || systemctl daemon-reload
		why=$(restart) || {
			# Too many starts in a short time is nothing that the options did.
			case $(systemctl show docker.service -p Result) in *start-limit-hit*)
				systemctl reset-failed docker.service docker.socket
				why=$(restart)
				;;
			*) false ;;
			esac
		} || undo start "$why"
		if lost_socket; then
			why=$(restart docker.socket) || undo start "$why"
		fi
		end=$(($(date +%s) + port_limit)) wait=0.05
		until listening; do
			active || undo start 'it ended'
			[ "$(date +%s)" -lt $end ] || undo port "no answer within $port_limit s"
			sleep $wait 2>/dev/null || sleep 1
			wait=0.2
		done
		echo '@restarted yes'
	fi
	for f in $staged $removed; do
		set -- "$@" "$f.machine-old"
	done
	rm -f "$@" $pending /var/lib/docker-machine.installing
	if [ "$enable" = yes ]; then
		systemctl enable docker.service 2>&1 | text enable
	fi
	true
}
