# Upgrades the engine; comes behind install.sh. Wants: daemon_limit (seconds), then one call.
# Prints @package, @from and @to, or a failure as install.sh does.

upgrade_pid() {
	systemctl show docker.service -p MainPID --value 2>/dev/null
}

# Each manager: owned FILE (prints the package), version PACKAGE, sources, newest PACKAGE.
apt_owned() {
	dpkg-query -S "$1" 2>/dev/null | sed -n '/^diversion /d; s/: .*//; s/,.*//; p; q'
}
apt_version() {
	dpkg-query -W -f '${Version}' "$1"
}
apt_sources() {
	apt_update
}
apt_newest() {
	export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
	set -- -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
		--only-upgrade install "$1"
	apt_get "$@" && return
	case $out in
	*'dpkg --configure -a'*) patiently dpkg --configure -a && apt_get "$@" ;;
	*) return 1 ;;
	esac
}

rpm_owned() {
	rpm -qf --qf '%{NAME}\n' "$1" 2>/dev/null | sed -n '/ /d; p; q'
}
rpm_version() {
	rpm -q --qf '%{VERSION}-%{RELEASE}' "$1"
}
dnf_owned() { rpm_owned "$1"; }
dnf_version() { rpm_version "$1"; }
dnf_sources() {
	tool=$(command -v dnf5 || command -v dnf || command -v yum) || return 1
	patiently "$tool" -q makecache
}
dnf_newest() {
	patiently "$tool" -y -q upgrade "$1"
}
zypper_owned() { rpm_owned "$1"; }
zypper_version() { rpm_version "$1"; }
zypper_sources() {
	patiently zypper -n refresh
}
zypper_newest() {
	patiently zypper -n update "$1"
}

pacman_owned() {
	pacman -Qqo "$1" 2>/dev/null
}
pacman_version() {
	pacman -Q "$1" | sed 's/.* //'
}
pacman_sources() {
	patiently pacman -Sy --noconfirm --noprogressbar
}
pacman_newest() {
	patiently pacman -S --noconfirm --noprogressbar --needed "$1"
}

upgrade() { # MANAGER
	# Half an upgrade would be worse than one that nobody hears of.
	trap '' HUP PIPE
	program=$(command -v dockerd || command -v dockerd-ce) || fail missing ''
	real=$(readlink -f "$program")
	package=$("$1_owned" "$program")
	package=${package:-$("$1_owned" "$real")}
	# Where /bin is a link to /usr/bin, a package may know the program by either.
	[ -n "$package" ] || case $real in
	/usr/*) package=$("$1_owned" "${real#/usr}") ;;
	esac
	[ -n "$package" ] || fail owner "$program"
	printf '@package %s\n' "$package"
	from=$("$1_version" "$package") before=$(upgrade_pid)
	printf '@from %s\n' "$from"
	first=''
	"$1_sources" || fail sources "$out"
	complaints=$first
	"$1_newest" "$package" || fail packages "$out"
	to=$("$1_version" "$package")
	# No newer version is an answer only where the sources could be read.
	if [ "$from" = "$to" ] && [ -n "$complaints" ]; then
		fail sources "$complaints"
	fi
	note restart
	since=$(journalctl -n 0 --show-cursor --no-pager 2>/dev/null | sed -n 's/^-- cursor: //p')
	# Most packages have restarted it themselves.
	if [ "$(upgrade_pid)" = "$before" ] || [ "$(systemctl is-active docker.service)" != active ]; then
		systemctl daemon-reload
		systemctl reset-failed docker.service docker.socket 2>/dev/null
		why=$(timeout "$daemon_limit" systemctl restart docker.service 2>&1) || {
			journalctl --sync 2>/dev/null
			journalctl -u docker.service ${since:+--after-cursor="$since"} -n 200 -o cat --no-pager 2>/dev/null | text log
			fail restart "$why"
		}
	fi
	printf '@to %s\n' "$to"
}
