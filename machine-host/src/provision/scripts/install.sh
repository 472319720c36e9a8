# Installs the engine. Wants: lock_limit (seconds), then one call of packages (the first
# name that exists counts) or of script.
# Prints `@KEY VALUE` and texts as look.sh does, and ends with status 1 where it fails.

end='' out='' first=''
# Stays behind when an installation ends half-way: programs may be there that do not work yet.
installing=/var/lib/docker-machine.installing

text() { # KEY; the text comes on standard input
	printf '@%s\n' "$1"
	tail -c 16384 | sed 's/^/ /'
	echo # the last line may lack its end
}
fail() { # WHAT WHY
	unblock
	printf '@failed %s\n' "$1"
	printf '%s\n' "$2" | text why
	exit 1
}

# A package that starts the daemon would have it run without our options, only to be restarted.
# In /run, so that it never outlives a reboot.
block() {
	for unit in docker.service docker.socket; do
		mkdir -p /run/systemd/system/$unit.d
		printf '[Unit]\nConditionPathExists=/run/docker-machine.never\n' \
			>/run/systemd/system/$unit.d/machine-wait.conf
	done
}
unblock() {
	[ -e /run/systemd/system/docker.service.d/machine-wait.conf ] || return 0
	rm -f /run/systemd/system/docker.service.d/machine-wait.conf \
		/run/systemd/system/docker.socket.d/machine-wait.conf
	systemctl daemon-reload
}

patiently() { # COMMAND...; its output goes to `out`
	while :; do
		out=$("$@" 2>&1) && return 0
		case $out in
		# apt and dpkg
		*'Could not get lock'* | *'Unable to acquire the dpkg'* | *'Unable to lock'*) ;;
		# dnf and yum; pacman; zypper
		*'Could not set lock'* | *'Another app is currently holding'*) ;;
		*'Waiting for process with pid'* | *'unable to lock database'*) ;;
		*'System management is locked'*) ;;
		*) return 1 ;;
		esac
		[ -n "$end" ] || {
			end=$(($(date +%s) + lock_limit))
			note lock
		}
		[ "$(date +%s)" -lt "$end" ] || fail lock "$out"
		sleep 0.5 2>/dev/null || sleep 1
	done
}
any() { # COMMAND... -- NAMES...
	command=''
	while [ "$1" != -- ]; do
		command="$command $1"
		shift
	done
	shift
	for name; do
		# shellcheck disable=SC2086 # the words of a command of ours
		patiently $command "$name" && return 0
		first=${first:-$out}
	done
	return 1
}

apt_get() {
	patiently apt-get -y -q -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 \
		-o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@"
}
apt_update() {
	updated=yes
	apt_get update
	# It may end well where some source failed.
	first=$(printf '%s\n' "$out" | grep -E '^(E|W|Err)') || true
}
by_apt() { # NAME
	export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
	updated=''
	set -- --no-install-recommends install "$1"
	for list in /var/lib/apt/lists/*_Packages*; do
		[ -e "$list" ] || apt_update
	done
	apt_get "$@" && return
	case $out in
	*'dpkg --configure -a'*) # an earlier installation was cut short
		patiently dpkg --configure -a && apt_get "$@" && return
		;;
	esac
	case $out in
	*'Unable to locate'* | *'no installation candidate'* | *'ailed to fetch'* | *'404 '*)
		[ -z "$updated" ] || return 1
		apt_update
		apt_get "$@"
		;;
	*) return 1 ;;
	esac
}

by_dnf() { # NAMES...
	tool=$(command -v dnf5 || command -v dnf || command -v yum) || return 1
	any "$tool" -y -q install -- "$@"
}

by_pacman() { # NAMES...
	any pacman -S --noconfirm --noprogressbar --needed -- "$@" ||
		any pacman -Sy --noconfirm --noprogressbar --needed -- "$@"
}

by_zypper() { # NAMES...
	any zypper -n install --no-recommends -- "$@"
}

packages() { # MANAGER NAMES...
	: >$installing
	block
	"$@" || fail packages "$first
$out"
	rm -f $installing
}

script() { # URL MANAGER
	file=$(mktemp) || fail script 'no room for a temporary file'
	command -v curl >/dev/null || command -v wget >/dev/null || "$2" curl || fail packages "$first
$out"
	if command -v curl >/dev/null; then
		out=$(curl -fsSL --connect-timeout 30 -o "$file" "$1" 2>&1)
	else
		out=$(wget -q -T 30 -O "$file" "$1" 2>&1)
	fi || {
		rm -f "$file"
		fail fetch "$out"
	}
	: >$installing
	out=$(sh "$file" 2>&1) || {
		rm -f "$file"
		fail script "$out"
	}
	rm -f "$file"
	command -v dockerd >/dev/null || fail script "$out
(it ended well, but there is no dockerd)"
	rm -f $installing
}
