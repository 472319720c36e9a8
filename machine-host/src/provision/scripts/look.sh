# Looks at a host and changes nothing. Wants: boot_limit (seconds).
# Prints lines `@KEY VALUE`; the lines of a text follow their key, each behind a blank.

text() { # KEY [VALUE]; the text comes on standard input
	printf '@%s\n' "$*"
	sed 's/^/ /'
	echo # the last line may lack its end
}

# cloud-init leaves these files; its own command for the question takes half a second.
booting() {
	[ -e /run/cloud-init/enabled ] && [ ! -e /run/cloud-init/result.json ] &&
		[ "$(systemctl is-failed cloud-final.service 2>/dev/null)" != failed ]
}
if booting; then
	note boot
	end=$(($(date +%s) + boot_limit))
	while booting; do
		if [ "$(date +%s)" -ge "$end" ]; then
			echo '@booting cloud-init has not ended'
			exit 0
		fi
		sleep 0.5 2>/dev/null || sleep 1
	done
fi

for file in /etc/os-release /usr/lib/os-release; do
	if [ -r $file ]; then
		text os <$file
		break
	fi
done
printf '@hostname %s\n' "$(cat /proc/sys/kernel/hostname)"
printf '@program %s\n' "$(command -v dockerd || command -v dockerd-ce)"
# An installation that ended half-way, unless somebody has repaired it since.
[ ! -e /var/lib/docker-machine.installing ] ||
	[ "$(systemctl is-active docker.service)" = active ] || echo '@installing yes'

# What systemd has loaded may be older than its files, so those are read.
if [ -d /run/systemd/system ]; then
	show=$(systemctl show docker.service -p LoadState,ActiveState,UnitFileState,FragmentPath)
	printf '%s\n' "$show" | text systemd yes
	set --
	seen=/
	for dir in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system \
		/usr/lib/systemd/system /lib/systemd/system; do
		for file in $dir/docker.service.d/*.conf; do
			name=${file##*/}
			case $seen in *"/$name/"*) continue ;; esac
			[ -e "$file" ] || continue
			seen=$seen$name/
			set -- "$@" "$file"
		done
	done
	fragment=$(printf '%s\n' "$show" | sed -n 's/^FragmentPath=//p')
	[ ! -f "$fragment" ] || set -- "$fragment" "$@"
	for file; do
		text unit "$file" <"$file"
	done
	config=
	if [ $# -gt 0 ]; then
		sed -n 's/^[[:space:]]*EnvironmentFile=-\{0,1\}//p' "$@" | while read -r file; do
			[ ! -f "$file" ] || text env "$file" <"$file"
		done
		config=$(sed -n 's/.*--config-file[= ]\([^ ]*\).*/\1/p' "$@" | tail -n 1)
	fi
	config=${config:-/etc/docker/daemon.json}
	printf '@config %s\n' "$config"
	[ ! -f "$config" ] || text daemon <"$config"
fi
true
